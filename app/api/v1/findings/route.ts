import { route } from "@/app/_server/route";
import { listFindings, openFinding } from "@/lib/verification";
import type { ListFindingsInput, OpenFindingInput } from "@/lib/verification/schemas";

export const GET = route(listFindings, ({ query }) => query as ListFindingsInput);
export const POST = route(openFinding, ({ body }) => body as OpenFindingInput);
