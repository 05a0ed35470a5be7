import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { CopyPlace, Judgement } from "./copy-place";

export interface LogRow {
  systemId: string;
  system: string;
  serverId: string;
  incarnation: string;
  file: string;
  endOffset: bigint;
  state: string;
}

/** Stores what was found of log files. What is not present no longer counts as recoverable: an event says so. */
export async function recordLogs(
  ctx: JobCtx,
  place: CopyPlace,
  found: readonly { row: LogRow; judgement: Judgement }[],
): Promise<void> {
  requirePermission(ctx, "job.perform");
  await touch(
    ctx,
    place,
    found
      .filter(({ row, judgement }) => row.state === "present" && judgement.state === "present")
      .map(({ row }) => row),
  );
  for (const { row, judgement } of found) {
    if (row.state !== "present" || judgement.state !== "present") await change(ctx, place, { row, judgement });
  }
}

/** As present as before: one write for each series of files. */
async function touch(ctx: JobCtx, place: CopyPlace, rows: readonly LogRow[]): Promise<void> {
  const series = Map.groupBy(rows, (row) => `${row.systemId}/${row.serverId}/${row.incarnation}`);
  for (const own of series.values()) {
    const [first] = own;
    if (!first) continue;
    const { systemId, serverId, incarnation } = first;
    await ctx.db.logCoverage.updateMany({
      where: { repositoryId: place.id, systemId, serverId, incarnation, file: { in: own.map(({ file }) => file) } },
      data: { checkedAt: ctx.now(), checkedBy: place.runId },
    });
  }
}

async function change(
  ctx: JobCtx,
  place: CopyPlace,
  { row, judgement }: { row: LogRow; judgement: Judgement },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { systemId, serverId, incarnation, file } = row;
  const error = judgement.state === "present" ? null : judgement.error;
  await ctx.transaction(async (tx) => {
    const { count } = await tx.logCoverage.updateMany({
      where: { repositoryId: place.id, systemId, serverId, incarnation, file, state: row.state, expiredAt: null },
      data: { state: judgement.state, error, checkedAt: ctx.now(), checkedBy: place.runId },
    });
    if (count === 0 || row.state === judgement.state) return;
    await recordAudit(tx, ctx, {
      action: judgement.state === "present" ? "copy.mended" : "copy.lost",
      entity: { type: "system", id: row.system },
      changes: { before: { copy: row.state }, after: { copy: judgement.state } },
      metadata: { repository: place.name, log: file, incarnation, ...(error ? { error } : {}) },
    });
  });
}
