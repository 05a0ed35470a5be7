import { route } from "@/app/_server/route";
import { listRuns } from "@/lib/runs";
import type { ListRunsInput } from "@/lib/runs/schemas";

export const GET = route(listRuns, ({ query: { open, ...query } }) => ({ ...query, open: open === "true" }) as ListRunsInput);
