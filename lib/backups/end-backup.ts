import { z } from "zod";
import { recordAudit } from "@/lib/audit";
import type { JobCtx, Tx } from "@/lib/db/context";
import type { ErrorSummary } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import type { OpenRepository } from "@/lib/repositories";
import { toBackupRow, toCopyRow } from "./backup-row";
import type { AnyManifest } from "./manifest";
import { BACKUP_TYPES } from "./schemas";

/** Stores that a backup is whole, with a row for each repository's copy. Returns whether a copy is missing. */
export async function completeBackup(
  ctx: JobCtx,
  manifest: AnyManifest,
  copies: {
    repositories: readonly OpenRepository[];
    failures: ReadonlyMap<string, ErrorSummary>;
    /** Until when each repository holds its copy, where it locks what it takes. */
    locks?: ReadonlyMap<string, Date>;
  },
): Promise<"complete" | "incomplete"> {
  requirePermission(ctx, "job.perform");
  const state = copies.failures.size === 0 ? "complete" : "incomplete";
  const row = toBackupRow(manifest);
  await ctx.transaction(async (tx) => {
    await tx.backup.update({
      where: { id: manifest.id },
      data: { ...row, state },
    });
    for (const repository of copies.repositories) {
      const failure = copies.failures.get(repository.name);
      await tx.backupCopy.update({
        where: { backupId_repositoryId: { backupId: manifest.id, repositoryId: repository.id } },
        data: failure
          ? { state: "missing", error: failure.message }
          : {
              ...toCopyRow(manifest),
              state: "present",
              lockedUntil: copies.locks?.get(repository.name) ?? null,
              checkedAt: ctx.now(),
              error: null,
            },
      });
    }
    await recordAudit(tx, ctx, {
      action: "backup.completed",
      entity: { type: "backup", id: manifest.id },
      ...(state === "incomplete" ? { severity: "high" as const } : {}),
      metadata: {
        system: manifest.system,
        status: state,
        sizeBytes: row.sizeBytes,
        durationMs: Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt),
        missing: [...copies.failures.keys()],
      },
    });
  });
  return state;
}

/**
 * Stores that a run's backup failed, and why; without a reason an operator aborted it. A run that failed before its
 * backup had a row leaves one too, and the event for its system: whoever looks for failed backups must find it.
 */
export async function failBackup(ctx: JobCtx, run: { id: string; system: string }, error?: string): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.transaction(async (tx) => {
    const failed = await failOpenBackups(tx, ctx, { runId: run.id, error: error ?? "aborted by an operator" });
    if (error === undefined || failed > 0) return;
    if ((await tx.backup.count({ where: { runId: run.id, state: { not: "failed" } } })) > 0) return;
    const backup = await addFailedBackup(tx, ctx, { runId: run.id, error });
    await recordAudit(tx, ctx, {
      action: "backup.failed",
      entity: { type: "system", id: run.system },
      metadata: { system: run.system, run: run.id, backup, error },
    });
  });
}

/** An attempt that did not get as far as a repository is the system's last attempt all the same. */
async function addFailedBackup(
  tx: Tx,
  ctx: JobCtx,
  { runId, error }: { runId: string; error: string },
): Promise<string | null> {
  const { systemId, startedAt, parameters } = await tx.run.findUniqueOrThrow({ where: { id: runId } });
  const before = await tx.backup.findFirst({ where: { runId }, select: { id: true } });
  if (!systemId || before) return before?.id ?? null;
  const id = newId();
  const now = ctx.now();
  await tx.backup.create({
    data: {
      id,
      systemId,
      runId,
      ...wantedOf(parameters),
      state: "failed",
      startedAt: startedAt ?? now,
      endedAt: now,
      error,
    },
  });
  await tx.run.update({ where: { id: runId }, data: { backupId: id } });
  return id;
}

/** What the run was to take. */
function wantedOf(parameters: unknown): { type: string; method: string; cutId: string | null } {
  const { type, method, cut } = z
    .object({ type: z.enum(BACKUP_TYPES), method: z.string(), cut: z.uuid().nullable() })
    .partial()
    .parse(parameters);
  return { type: type ?? "full", method: method ?? "logical", cutId: cut ?? null };
}

/** Ends the rows of a run's attempts that are still open, each with its event. Returns how many. */
export async function failOpenBackups(
  tx: Tx,
  ctx: JobCtx,
  { runId, error }: { runId: string; error: string },
): Promise<number> {
  const rows = await tx.backup.findMany({
    where: { runId, state: "running" },
    select: { id: true, system: { select: { name: true } } },
  });
  for (const row of rows) {
    await tx.backup.update({ where: { id: row.id }, data: { state: "failed", endedAt: ctx.now(), error } });
    await tx.backupCopy.updateMany({ where: { backupId: row.id }, data: { state: "missing" } });
    await recordAudit(tx, ctx, {
      action: "backup.failed",
      entity: { type: "backup", id: row.id },
      metadata: { system: row.system.name, run: runId, error },
    });
  }
  return rows.length;
}
