import { route } from "@/app/_server/route";
import { listAlerts } from "@/lib/alerts";
import type { ListAlertsInput } from "@/lib/alerts/schemas";

export const GET = route(listAlerts, ({ query }) => query as ListAlertsInput);
