import { param, route } from "@/app/_server/route";
import { abortRun } from "@/lib/runs";

export const POST = route(abortRun, (input) => ({ ...input.body, id: param(input, "id") }));
