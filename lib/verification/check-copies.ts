import { recordAudit } from "@/lib/audit";
import type { Manifest } from "@/lib/backups";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { requirePermission } from "@/lib/kernel/permissions";
import { repositoryKeys } from "@/lib/repositories";
import type { StepCtx } from "@/lib/runs";
import { noteFinding } from "./note-finding";

const BACKUPS_A_PAGE = 50;

interface CopyFact {
  backupId: string;
  repositoryId: string;
  repository: string;
  state: "present" | "missing" | "damaged";
  error: string | null;
}

/**
 * Looks whether each backup that counts is in each repository that it was written to, with all of its objects and
 * their sizes. What is not there is stored with the copy and is a finding. @returns how many copies were looked at, and not whole
 * @throws EngineError while a store is away: then nothing is said of its copies
 */
export async function checkCopies(
  ctx: StepCtx,
  { systemId, system }: { systemId: string; system: string },
): Promise<{ copies: number; bad: number }> {
  let [copies, bad] = [0, 0];
  for (let after: string | undefined; ;) {
    const rows = await ctx.db.backup.findMany({
      where: {
        systemId,
        type: "full",
        state: { in: ["complete", "incomplete"] },
        ...(after ? { id: { gt: after } } : {}),
      },
      orderBy: { id: "asc" },
      take: BACKUPS_A_PAGE,
      select: {
        id: true,
        manifest: true,
        copies: {
          where: { repository: { removedAt: null } },
          select: { repository: { select: { id: true, name: true } } },
        },
      },
    });
    for (const row of rows) {
      const facts = await checkBackup(ctx, { systemId, system }, row);
      copies += facts.length;
      bad += facts.filter(({ state }) => state !== "present").length;
    }
    ctx.run.progress({ done: copies, total: null, unit: "checks" });
    after = rows.at(-1)?.id;
    if (rows.length < BACKUPS_A_PAGE) return { copies, bad };
  }
}

async function checkBackup(
  ctx: StepCtx,
  { systemId, system }: { systemId: string; system: string },
  backup: { id: string; manifest: unknown; copies: { repository: { id: string; name: string } }[] },
): Promise<CopyFact[]> {
  const facts: CopyFact[] = [];
  for (const { repository } of backup.copies) {
    ctx.signal.throwIfAborted();
    const store = await ctx.engines.store(repository.name);
    const found = await lookAt(ctx, store, { system, id: backup.id, manifest: backup.manifest as Manifest | null });
    const fact = { backupId: backup.id, repositoryId: repository.id, repository: repository.name, ...found };
    await storeCopy(ctx, systemId, fact);
    facts.push(fact);
  }
  return facts;
}

async function lookAt(
  { signal }: StepCtx,
  store: ObjectStore,
  backup: { system: string; id: string; manifest: Manifest | null },
): Promise<Pick<CopyFact, "state" | "error">> {
  const manifestKey = repositoryKeys.manifestKey(backup.system, backup.id);
  for (const key of [manifestKey, repositoryKeys.signatureKey(manifestKey)]) {
    if (!(await store.head(key, { signal }))) return { state: "missing", error: `object "${key}" is gone` };
  }
  for (const piece of backup.manifest?.parts.flatMap((part) => part.pieces) ?? []) {
    const found = await store.head(piece.key, { signal });
    if (!found) return { state: "missing", error: `object "${piece.key}" is gone` };
    if (found.sizeBytes !== piece.sizeBytes) {
      return { state: "damaged", error: `object "${piece.key}" has ${found.sizeBytes} bytes, not ${piece.sizeBytes}` };
    }
  }
  return { state: "present", error: null };
}

async function storeCopy(ctx: StepCtx, systemId: string, fact: CopyFact): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { backupId, repositoryId, repository, state, error } = fact;
  await ctx.transaction(async (tx) => {
    const before = await tx.backupCopy.findUnique({
      where: { backupId_repositoryId: { backupId, repositoryId } },
      select: { state: true },
    });
    await tx.backupCopy.update({
      where: { backupId_repositoryId: { backupId, repositoryId } },
      data: { state, error, checkedAt: ctx.now() },
    });
    if (before?.state !== state) {
      await recordAudit(tx, ctx, {
        action: "copy.changed",
        entity: { type: "backup", id: backupId },
        changes: { before: { repository, state: before?.state ?? null }, after: { repository, state } },
        ...(state === "present" ? {} : { severity: "high" as const }),
      });
    }
    if (error === null) return;
    await noteFinding(tx, ctx, {
      systemId,
      backupId,
      runId: ctx.run.id,
      kind: "copy",
      subject: `${backupId} ${repository}`,
      title: `A copy in ${repository} is ${state}`,
      detail: error,
    });
  });
}
