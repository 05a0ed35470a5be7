import { route } from "@/app/_server/route";
import { countFacets } from "@/lib/audit";
import type { AuditFilterInput } from "@/lib/audit/schemas";

export const GET = route(countFacets, ({ query }) => query as AuditFilterInput);
