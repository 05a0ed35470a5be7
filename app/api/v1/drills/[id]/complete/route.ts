import { param, route } from "@/app/_server/route";
import { completeDrillTask } from "@/lib/drills";

export const POST = route(completeDrillTask, (input) => ({ ...input.body, taskId: param(input, "id") }));
