import { route } from "@/app/_server/route";
import { liftFreezes } from "@/lib/retention";
import type { LiftFreezesInput } from "@/lib/retention/schemas";

export const POST = route(liftFreezes, ({ body }) => body as LiftFreezesInput);
