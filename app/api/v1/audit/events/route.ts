import { route } from "@/app/_server/route";
import { listEvents } from "@/lib/audit";
import type { ListEventsInput } from "@/lib/audit/schemas";

export const GET = route(listEvents, ({ query }) => query as ListEventsInput);
