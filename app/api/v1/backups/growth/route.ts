import { route } from "@/app/_server/route";
import { getGrowth } from "@/lib/backups";
import type { GetGrowthInput } from "@/lib/backups/schemas";

export const GET = route(getGrowth, ({ query }) => query as GetGrowthInput);
