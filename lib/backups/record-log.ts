import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import type { LogCollector, LogGap } from "@/lib/engines/database/port";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";

interface CollectedLog {
  systemId: string;
  system: string;
  collector: LogCollector;
}

/** Stores which series of log files is collected now; fulls taken from here on belong to it. Returns whether it is another one than before. */
export async function recordIncarnation(ctx: JobCtx, log: CollectedLog): Promise<"first" | "same" | "new"> {
  requirePermission(ctx, "job.perform");
  const { serverId, incarnation } = log.collector;
  return ctx.transaction(async (tx) => {
    const before = await tx.system.findUniqueOrThrow({ where: { id: log.systemId } });
    if (before.logIncarnation === incarnation && before.logServerId === serverId) return "same";
    await tx.system.update({
      where: { id: log.systemId },
      data: { logServerId: serverId, logIncarnation: incarnation },
    });
    await recordAudit(tx, ctx, {
      action: "log.incarnation-begun",
      entity: { type: "system", id: log.system },
      metadata: { serverId, incarnation, before: before.logIncarnation },
    });
    return before.logIncarnation === null ? "first" : "new";
  });
}

/** Stores a hole in the log: nothing after it can be recovered until a new full is taken. */
export async function recordGap(ctx: JobCtx, log: CollectedLog & { gap: LogGap; message: string }): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { serverId, incarnation } = log.collector;
  await ctx.transaction(async (tx) => {
    const newest = await tx.logCoverage.findFirst({
      where: { systemId: log.systemId, incarnation },
      orderBy: { heartbeatAt: { sort: "desc", nulls: "last" } },
    });
    await tx.logGap.create({
      data: {
        id: newId(),
        systemId: log.systemId,
        serverId,
        incarnation,
        file: log.gap.wanted.file,
        fromAt: newest?.heartbeatAt ?? newest?.lastAt ?? null,
        toAt: ctx.now(),
        reason: log.message,
        detectedAt: ctx.now(),
      },
    });
    await recordAudit(tx, ctx, {
      action: "log.gap-detected",
      entity: { type: "system", id: log.system },
      metadata: {
        reason: log.gap.reason,
        file: log.gap.wanted.file,
        offset: log.gap.wanted.offset,
        message: log.message,
      },
    });
  });
}
