import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { toLogLine } from "./run-view";
import { type LogLine, ListRunLogInput } from "./schemas";

/** Log lines of a run after a line's id, oldest first. @throws NotFoundError */
export async function listRunLog(
  ctx: Ctx,
  input: { id: string; after?: number; limit?: number },
): Promise<{ lines: LogLine[] }> {
  requirePermission(ctx, "run.read");
  const { id, after, limit } = ListRunLogInput.parse(input);
  const run = await ctx.db.run.findUnique({ where: { id }, select: { id: true } });
  if (!run) throw new NotFoundError("run", id);
  const rows = await ctx.db.runLog.findMany({
    where: { runId: id, id: { gt: after } },
    orderBy: { id: "asc" },
    take: limit,
  });
  return { lines: rows.map(toLogLine) };
}
