import { param, route } from "@/app/_server/route";
import { signDrillTask } from "@/lib/drills";

export const POST = route(signDrillTask, (input) => ({ ...input.body, taskId: param(input, "id") }));
