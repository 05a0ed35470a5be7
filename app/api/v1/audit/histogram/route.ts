import { route } from "@/app/_server/route";
import { countHistogram } from "@/lib/audit";
import type { CountHistogramInput } from "@/lib/audit/schemas";

export const GET = route(countHistogram, ({ query }) => query as CountHistogramInput);
