import { param, route } from "@/app/_server/route";
import { suggestEvidence } from "@/lib/drills";

export const GET = route(suggestEvidence, (input) => ({ ...input.query, taskId: param(input, "id") }));
