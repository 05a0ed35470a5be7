import { route } from "@/app/_server/route";
import { listRunbooks } from "@/lib/runbooks";

export const GET = route(listRunbooks, () => undefined);
