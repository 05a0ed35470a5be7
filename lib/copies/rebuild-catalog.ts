import { recordAudit } from "@/lib/audit";
import { type AnyManifest, readManifest, toBackupRow, toCopyRow } from "@/lib/backups";
import type { JobCtx, Tx } from "@/lib/db/context";
import { DamagedError, NotFoundError, summarizeError } from "@/lib/kernel/errors";
import { mapLimited } from "@/lib/kernel/map-limited";
import { requirePermission } from "@/lib/kernel/permissions";
import { openKnownRepository, repositoryKeys } from "@/lib/repositories";
import { loadConfiguration } from "@/lib/settings";
import { declaredBackups } from "@/lib/settings/schemas";
import { PARALLEL } from "./check";
import { isLacking } from "./copy-place";
import { type BackupGroup, type LogGroup, listGroups } from "./list-groups";
import { type Rebuild, type RebuiltCatalog, refuse } from "./rebuild";
import { rebuildLogs } from "./rebuild-logs";

/** Of backups and of log files that one transaction brings back. */
const BATCH = 100;

/**
 * Brings a lost catalogue back from what a repository holds: each backup with a signed manifest, its copy here, and
 * the log. What the catalogue knows already stays as it is; calling it again changes nothing. Nothing is written to
 * the repository. A manifest that is not signed by a known key is refused and named.
 * @param onProgress what was read so far
 * @throws NotFoundError, PreconditionError, RefusedError for another repository than the pinned one, EngineError
 */
export async function rebuildCatalog(
  ctx: JobCtx,
  input: { repository: string },
  onProgress: (found: Pick<RebuiltCatalog, "backups" | "logs">) => void = () => undefined,
): Promise<RebuiltCatalog> {
  requirePermission(ctx, "catalog.rebuild");
  const { configuration } = await loadConfiguration(ctx);
  const opened = await openKnownRepository(ctx, input.repository);
  await ctx.db.repository.updateMany({
    where: { id: opened.id, identity: null },
    data: { identity: opened.identity.id },
  });
  const systems = await ctx.db.system.findMany({ select: { id: true, name: true } });
  const rebuild: Rebuild = {
    place: { ...opened, runId: ctx.correlationId, signal: ctx.signal, isLocked: false },
    configuration,
    systems: new Map(systems.map(({ id, name }) => [name, id])),
    found: { repository: input.repository, backups: 0, added: 0, logs: 0, refused: [] },
  };
  let backups: BackupGroup[] = [];
  let logs: LogGroup[] = [];
  for await (const group of listGroups(opened.store, ctx.signal)) {
    if (group.kind === "backup" && hasManifest(group)) backups.push(group);
    if (group.kind === "log") logs.push(group);
    if (backups.length < BATCH && logs.length < BATCH) continue;
    await rebuildBatch(ctx, rebuild, { backups, logs });
    onProgress(rebuild.found);
    backups = [];
    logs = [];
  }
  await rebuildBatch(ctx, rebuild, { backups, logs });
  onProgress(rebuild.found);
  return rebuild.found;
}

/** Without one a backup does not exist: its objects were left by an attempt that did not end. */
function hasManifest(group: BackupGroup): boolean {
  const key = repositoryKeys.manifestKey(group.system, group.id);
  return group.objects.some((object) => object.key === key);
}

async function rebuildBatch(
  ctx: JobCtx,
  rebuild: Rebuild,
  groups: { backups: readonly BackupGroup[]; logs: readonly LogGroup[] },
): Promise<void> {
  requirePermission(ctx, "catalog.rebuild");
  const manifests = (await mapLimited(groups.backups, PARALLEL, (group) => readTrusted(ctx, rebuild, group))).filter(
    (each) => each !== null,
  );
  const rows = await rebuildLogs(rebuild, groups.logs);
  rebuild.found.backups += manifests.length;
  rebuild.found.logs += rows.length;
  await ctx.transaction(async (tx) => {
    const added = await addBackups(tx, { rebuild, manifests });
    const { count } = await tx.logCoverage.createMany({ data: rows, skipDuplicates: true });
    rebuild.found.added += added;
    if (added + count === 0) return;
    await recordAudit(tx, ctx, {
      action: "catalog.rebuilt",
      entity: { type: "repository", id: rebuild.place.name },
      metadata: { backups: added, logs: count, refused: rebuild.found.refused.length },
    });
  });
}

async function readTrusted(ctx: JobCtx, rebuild: Rebuild, group: BackupGroup): Promise<AnyManifest | null> {
  const { store, identity } = rebuild.place;
  const key = repositoryKeys.manifestKey(group.system, group.id);
  if (!rebuild.systems.has(group.system)) {
    return refuse(rebuild, { key, reason: `system "${group.system}" is not declared` });
  }
  try {
    return await readManifest(store, group, { publicKeys: identity.publicKeys, signal: ctx.signal });
  } catch (error) {
    if (!(error instanceof DamagedError) && !(error instanceof NotFoundError)) throw error;
    return refuse(rebuild, { key, reason: summarizeError(error).message });
  }
}

/** Returns how many copies the catalogue did not have. Their data were not looked at: the next check does that. */
async function addBackups(
  tx: Tx,
  { rebuild, manifests }: { rebuild: Rebuild; manifests: readonly AnyManifest[] },
): Promise<number> {
  if (manifests.length === 0) return 0;
  const { place, systems } = rebuild;
  await tx.backup.createMany({
    skipDuplicates: true,
    data: manifests.map((manifest) => ({
      ...toBackupRow(manifest),
      id: manifest.id,
      systemId: systems.get(manifest.system) ?? "",
      state: "incomplete",
    })),
  });
  const { count } = await tx.backupCopy.createMany({
    skipDuplicates: true,
    data: manifests.map((manifest) => ({
      ...toCopyRow(manifest),
      backupId: manifest.id,
      repositoryId: place.id,
      state: "present",
    })),
  });
  await settleStates(tx, rebuild, manifests);
  return count;
}

/** Complete is a backup whose copy is known in every repository to which those of its type are declared to go. */
async function settleStates(tx: Tx, { configuration }: Rebuild, manifests: readonly AnyManifest[]): Promise<void> {
  const rows = await tx.backup.findMany({
    where: { id: { in: manifests.map(({ id }) => id) }, state: "incomplete" },
    select: {
      id: true,
      type: true,
      system: { select: { name: true } },
      copies: { select: { state: true, repository: { select: { name: true } } } },
    },
  });
  const complete = rows.filter(({ system, type, copies }) => {
    const declared = declaredBackups(configuration.systems[system.name]);
    const to = declared.find((each) => each.type === type)?.to ?? [];
    const isKnown = (name: string) => copies.some((copy) => copy.repository.name === name);
    return to.every(isKnown) && !copies.some(({ state }) => isLacking(state));
  });
  if (complete.length === 0) return;
  await tx.backup.updateMany({ where: { id: { in: complete.map(({ id }) => id) } }, data: { state: "complete" } });
}
