import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { FINDING_INCLUDE, toFindingView } from "./finding-view";
import { type FindingPage, ListFindingsInput } from "./schemas";

/** What was found, newest first, a page at a time: what is open, or what was closed. */
export async function listFindings(ctx: Ctx, input: ListFindingsInput = {}): Promise<FindingPage> {
  requirePermission(ctx, "backup.read");
  const { system, state, cursor, limit } = ListFindingsInput.parse(input);
  const rows = await ctx.db.finding.findMany({
    where: {
      ...(system ? { system: { name: system } } : {}),
      closedAt: state === "open" ? null : { not: null },
      ...(cursor ? { id: { lt: cursor } } : {}),
    },
    orderBy: { id: "desc" },
    take: limit + 1,
    include: FINDING_INCLUDE,
  });
  const page = rows.slice(0, limit);
  return {
    findings: page.map((row) => toFindingView(row, ctx.now())),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}
