import { route } from "@/app/_server/route";
import { listDrillTasks } from "@/lib/drills";
import type { ListDrillTasksInput } from "@/lib/drills/schemas";

export const GET = route(listDrillTasks, ({ query }) => query as ListDrillTasksInput);
