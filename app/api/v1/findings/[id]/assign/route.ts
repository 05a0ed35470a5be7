import { param, route } from "@/app/_server/route";
import { assignFinding } from "@/lib/verification";

export const POST = route(assignFinding, (input) => ({ ...input.body, id: param(input, "id") }));
