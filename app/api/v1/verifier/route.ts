import { route } from "@/app/_server/route";
import { getVerifier, startSelfTest } from "@/lib/verification";

export const GET = route(getVerifier, () => undefined);
/** Starts the verifier's own test. */
export const POST = route(startSelfTest, () => undefined);
