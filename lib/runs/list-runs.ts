import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { SUMMARY_INCLUDE, toRunSummary } from "./run-view";
import { ListRunsInput, OPEN_RUN_STATES, type RunPage } from "./schemas";

/** Runs, newest first, a page at a time. */
export async function listRuns(ctx: Ctx, input: ListRunsInput = {}): Promise<RunPage> {
  requirePermission(ctx, "run.read");
  const { kind, state, system, open, cursor, limit } = ListRunsInput.parse(input);
  const rows = await ctx.db.run.findMany({
    where: {
      ...(kind ? { kind } : {}),
      ...(state ? { state } : open ? { state: { in: [...OPEN_RUN_STATES] } } : {}),
      ...(system ? { system: { name: system } } : {}),
      ...(cursor ? { id: { lt: cursor } } : {}),
    },
    orderBy: { id: "desc" },
    take: limit + 1,
    include: SUMMARY_INCLUDE,
  });
  const page = rows.slice(0, limit);
  return { runs: page.map(toRunSummary), nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}
