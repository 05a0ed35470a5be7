import { route } from "@/app/_server/route";
import { planRetention } from "@/lib/retention";
import type { PlanRetentionInput } from "@/lib/retention/schemas";

export const GET = route(planRetention, ({ query }) => query as PlanRetentionInput);
