import { recordAudit } from "@/lib/audit";
import { readManifest } from "@/lib/backups";
import type { JobCtx, Tx } from "@/lib/db/context";
import { EngineError, HoldfastError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { type OpenRepository, repositoryKeys } from "@/lib/repositories";
import { z } from "zod";
import { GRACE_MS } from "./model";
import type { PlannedRemoval } from "./retention-run";

/** Where one removal is carried out. */
export interface RemovalTarget {
  repository: OpenRepository;
  removal: PlannedRemoval;
  system: string;
  runId: string;
}

export type RemovalOutcome = "deleted" | { why: string };

const Parts = z.array(z.object({ pieces: z.array(z.object({ key: z.string() })) }));
/** An increment that is made of logs has no part of its own. */
const KnownParts = z.union([
  z.object({ parts: Parts }),
  z.object({ logs: z.array(z.unknown()) }).transform(() => ({ parts: [] as z.infer<typeof Parts> })),
]);

/**
 * Deletes one copy of a backup by the explicit keys of its manifest. The manifest goes first: without it the backup does
 * not exist, so nothing that a crash leaves can be taken for one. What is left is found again by the copy's row, which is
 * `expiring` from before the first deletion until after the last.
 */
export async function removeCopy(ctx: JobCtx, target: RemovalTarget): Promise<RemovalOutcome> {
  const { store, id: repositoryId } = target.repository;
  const { signal } = ctx;
  const keys = await keysOf(ctx, target);
  if (!Array.isArray(keys)) return keys;
  const there: string[] = [];
  for (const key of keys) {
    const found = await store.head(key, { signal });
    if (!found) continue;
    if (found.lockedUntil && found.lockedUntil > ctx.now()) {
      await ctx.db.backupCopy.updateMany({
        where: { backupId: target.removal.subject, repositoryId },
        data: { lockedUntil: found.lockedUntil },
      });
      return { why: `the store locks "${key}" until ${found.lockedUntil.toISOString()}` };
    }
    there.push(key);
  }
  const before = await beginRemoval(ctx, target);
  for (const [index, key] of there.entries()) {
    try {
      await store.delete(key, { signal });
    } catch (error) {
      if (index === 0 && error instanceof EngineError && error.permanent) await takeBack(ctx, target, before);
      throw error;
    }
  }
  await endRemoval(ctx, target, there.length);
  return "deleted";
}

/** In the order in which they go, or why none of them may. */
async function keysOf(ctx: JobCtx, target: RemovalTarget): Promise<string[] | { why: string }> {
  const { removal, system, repository } = target;
  const prefix = repositoryKeys.backupPrefix(system, removal.subject);
  const manifest = repositoryKeys.manifestKey(system, removal.subject);
  const first = [manifest, repositoryKeys.signatureKey(manifest)];
  const row = await ctx.db.backup.findUniqueOrThrow({
    where: { id: removal.subject },
    select: { manifest: true, state: true },
  });
  const known = KnownParts.safeParse(row.manifest);
  if (known.success && row.state !== "failed") return [...first, ...piecesIn(prefix, known.data)];
  if (row.state === "failed") return leftKeys(ctx, target, { prefix, manifest });
  try {
    const read = await readManifest(
      repository.store,
      { system, id: removal.subject },
      { publicKeys: repository.identity.publicKeys, signal: ctx.signal },
    );
    await ctx.db.backup.update({ where: { id: removal.subject }, data: { manifest: read as object } });
    return [...first, ...piecesIn(prefix, KnownParts.parse(read))];
  } catch (error) {
    if (error instanceof EngineError || !(error instanceof HoldfastError)) throw error;
    return { why: `what belongs to it is not known: ${error.message}` };
  }
}

/** Only what lies in the backup's own place: a part that is a log file belongs to the log. */
function piecesIn(prefix: string, { parts }: z.infer<typeof KnownParts>): string[] {
  return parts.flatMap((part) => part.pieces.map((piece) => piece.key)).filter((key) => key.startsWith(prefix));
}

/** What a failed backup left: only old objects, and none where a manifest says that the backup exists after all. */
async function leftKeys(
  ctx: JobCtx,
  { repository }: RemovalTarget,
  { prefix, manifest }: { prefix: string; manifest: string },
): Promise<string[] | { why: string }> {
  const keys: string[] = [];
  for await (const object of repository.store.list(prefix, { signal: ctx.signal })) {
    if (object.key === manifest) return { why: "its manifest is there: the repository holds it as a backup" };
    if (object.modifiedAt.getTime() + GRACE_MS > ctx.now().getTime())
      return { why: `"${object.key}" is not a day old` };
    keys.push(object.key);
  }
  return keys;
}

/** From here on it counts no more. @returns the state before */
async function beginRemoval(ctx: JobCtx, { repository, removal }: RemovalTarget): Promise<string> {
  const where = { backupId: removal.subject, repositoryId: repository.id };
  const copy = await ctx.db.backupCopy.findUniqueOrThrow({ where: { backupId_repositoryId: where } });
  await ctx.db.backupCopy.update({
    where: { backupId_repositoryId: where },
    data: { state: "expiring", expiredReason: copy.expiredReason ?? removal.reason },
  });
  return copy.state;
}

/** The store refused before anything was gone: the copy is as whole as it was. */
async function takeBack(ctx: JobCtx, { repository, removal }: RemovalTarget, state: string): Promise<void> {
  await ctx.db.backupCopy.updateMany({
    where: { backupId: removal.subject, repositoryId: repository.id, state: "expiring" },
    data: { state, expiredReason: null },
  });
}

async function endRemoval(ctx: JobCtx, target: RemovalTarget, objects: number): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { repository, removal } = target;
  const now = ctx.now();
  await ctx.transaction(async (tx) => {
    const { expiredReason } = await tx.backupCopy.update({
      where: { backupId_repositoryId: { backupId: removal.subject, repositoryId: repository.id } },
      data: { state: "expired", expiredAt: now },
    });
    const reason = expiredReason ?? removal.reason;
    await expireBackup(tx, { id: removal.subject, reason, now });
    await recordAudit(tx, ctx, {
      action: "backup.deleted",
      entity: { type: "backup", id: removal.subject },
      metadata: {
        system: target.system,
        repository: repository.name,
        what: removal.kind,
        reason,
        objects,
        sizeBytes: removal.sizeBytes,
        run: target.runId,
      },
    });
  });
}

/** A backup that is in no repository any more stays in the catalogue, as expired. */
async function expireBackup(tx: Tx, { id, reason, now }: { id: string; reason: string; now: Date }): Promise<void> {
  const left = await tx.backupCopy.count({
    where: { backupId: id, state: { in: ["writing", "present", "damaged", "expiring"] } },
  });
  if (left > 0) return;
  await tx.backup.updateMany({
    where: { id, state: { in: ["complete", "incomplete"] } },
    data: { state: "expired", expiredAt: now, expiredReason: reason },
  });
}
