import { route } from "@/app/_server/route";
import { listDrillHistory } from "@/lib/drills";
import type { ListDrillHistoryInput } from "@/lib/drills/schemas";

export const GET = route(listDrillHistory, ({ query }) => query as ListDrillHistoryInput);
