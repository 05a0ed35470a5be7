import type { Prisma } from "@/lib/db/client";
import { type AnyManifest, type LogManifest, readManifest } from "@/lib/backups";
import { BACKUP_TYPES, type BackupType } from "@/lib/backups/schemas";
import { DamagedError, summarizeError } from "@/lib/kernel/errors";
import { formatCountOf } from "@/lib/kernel/format";
import { findObject, repositoryKeys } from "@/lib/repositories";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { declaredBackups } from "@/lib/settings/schemas";
import { copyLog } from "./copy-log";
import { copyBytes, copyObject } from "./copy-object";
import { type CopyPlace, EXPECTED_COPIES, type Judgement, requireKey } from "./copy-place";
import { judgeCopy } from "./judge-copy";
import { recordCopies } from "./record-copies";
import { addCopy } from "./add-copy";
import { type Repair, isOutcome, noteFailure, openSource, requireTarget } from "./repair";

const PAGE = 50;

interface WantedBackup {
  id: string;
  system: string;
  sizeBytes: number;
  /** Of the target's copy; null: it never had one. */
  before: string | null;
  /** Repositories that have a copy, as far as the catalogue knows. */
  holders: string[];
}

/** Brings every backup that is missing or damaged here, or never came here, from a repository that holds it well. */
export async function repairBackups(ctx: StepCtx, repair: Repair): Promise<StepOutcome> {
  const before = repair.mended;
  const wanted = await ctx.db.backup.aggregate({ where: wantedWhere(repair), _sum: { sizeBytes: true } });
  const total = Number(wanted._sum.sizeBytes ?? 0);
  let [done, doneBytes] = [0, 0];
  for await (const backup of listWanted(ctx, repair)) {
    ctx.signal.throwIfAborted();
    await repairBackup(ctx, repair, backup);
    done += 1;
    doneBytes += backup.sizeBytes;
    ctx.run.progress({ done: doneBytes, total, unit: "bytes" });
  }
  return { summary: `${formatCountOf(repair.mended - before, "backup")} mended of ${done} that lacked a copy` };
}

/** Page by page, newest first: what is needed first is mended first. What a runner that died had mended is not wanted any more. */
async function* listWanted(ctx: StepCtx, repair: Repair): AsyncGenerator<WantedBackup> {
  const target = requireTarget(repair);
  const wanted = wantedWhere(repair);
  let cursor: string | null = null;
  for (;;) {
    const rows: WantedRow[] = await ctx.db.backup.findMany({
      where: { ...wanted, ...(cursor === null ? {} : { id: { lt: cursor } }) },
      orderBy: { id: "desc" },
      take: PAGE,
      select: WANTED,
    });
    for (const row of rows) yield toWanted(row, target);
    cursor = rows.at(-1)?.id ?? null;
    if (rows.length < PAGE) return;
  }
}

/** Backups that are missing or damaged here, or are declared to go here and never came. */
function wantedWhere(repair: Repair): Prisma.BackupWhereInput {
  const here = { repositoryId: requireTarget(repair).id };
  return {
    state: { in: ["complete", "incomplete"] },
    OR: [
      { copies: { some: { ...here, state: { in: ["missing", "damaged"] } } } },
      ...BACKUP_TYPES.map((type) => ({
        type,
        system: { name: { in: systemsTo(repair, type) } },
        copies: { none: here, some: { state: { in: [...EXPECTED_COPIES] } } },
      })),
    ],
  };
}

const WANTED = {
  id: true,
  sizeBytes: true,
  system: { select: { name: true } },
  copies: { select: { repositoryId: true, state: true, repository: { select: { name: true } } } },
} as const;

interface WantedRow {
  id: string;
  sizeBytes: bigint | null;
  system: { name: string };
  copies: { repositoryId: string; state: string; repository: { name: string } }[];
}

function toWanted(row: WantedRow, target: CopyPlace): WantedBackup {
  return {
    id: row.id,
    system: row.system.name,
    sizeBytes: Number(row.sizeBytes ?? 0),
    before: row.copies.find((copy) => copy.repositoryId === target.id)?.state ?? null,
    holders: row.copies
      .filter((copy) => copy.repositoryId !== target.id && copy.state === "present")
      .map((copy) => copy.repository.name),
  };
}

/** Systems whose backups of this type are declared to go here. */
function systemsTo({ configuration, repository }: Repair, wanted: BackupType): string[] {
  return Object.entries(configuration.systems).flatMap(([name, system]) =>
    declaredBackups(system).some(({ type, to }) => type === wanted && to.includes(repository)) ? [name] : [],
  );
}

async function repairBackup(ctx: StepCtx, repair: Repair, backup: WantedBackup): Promise<void> {
  const target = requireTarget(repair);
  let last = "no other repository holds a copy";
  for (const name of backup.holders) {
    const source = await openSource(ctx, repair, name);
    if (!source) {
      last = `repository "${name}" does not answer`;
      continue;
    }
    try {
      const manifest = await copyBackup(ctx, repair, { source, backup });
      await confirm(ctx, repair, { target, backup, manifest });
      return;
    } catch (error) {
      if (!isOutcome(ctx, error)) throw error;
      last = summarizeError(error).message;
      ctx.run.say(`backup ${backup.id} from ${name}: ${last}`, "warning");
    }
  }
  noteFailure(ctx, repair, { name: `backup ${backup.id}`, message: last });
}

/** Data first, the manifest last: without it a backup does not exist. */
async function copyBackup(
  ctx: StepCtx,
  repair: Repair,
  { source, backup }: { source: CopyPlace; backup: WantedBackup },
): Promise<AnyManifest> {
  const target = requireTarget(repair);
  const { signal } = ctx;
  const manifest = await readManifest(source.store, backup, { publicKeys: source.identity.publicKeys, signal });
  const key = repositoryKeys.manifestKey(backup.system, backup.id);
  const signatureKey = repositoryKeys.signatureKey(key);
  const bytes = await findObject(source.store, key, signal);
  const signature = await findObject(source.store, signatureKey, signal);
  if (!bytes || !signature) throw new DamagedError(`the manifest of backup "${backup.id}" vanished`, {});
  requireKey(target, bytes, signature);
  const onBytes = (count: number) => {
    repair.copiedBytes += count;
  };
  const stores = { from: source.store, to: target.store };
  if ("logs" in manifest) await copyLogs(ctx, repair, { source, manifest });
  else {
    for (const piece of manifest.parts.flatMap((part) => part.pieces)) {
      await copyObject({ signal, onBytes }, stores, piece);
    }
  }
  await copyBytes(ctx, target.store, { key: signatureKey, bytes: signature });
  await copyBytes(ctx, target.store, { key, bytes });
  return manifest;
}

/** The closed logs of an incremental that are not here. They count as the log's: the next step looks at their bytes. */
async function copyLogs(
  ctx: StepCtx,
  repair: Repair,
  { source, manifest }: { source: CopyPlace; manifest: LogManifest },
): Promise<void> {
  const target = requireTarget(repair);
  const { identityFile } = repair.configuration.keys;
  const { id: serverId, incarnation } = manifest.server;
  for (const { key, file } of manifest.logs) {
    if (await target.store.head(key, { signal: ctx.signal })) continue;
    const log = { system: manifest.system, serverId, incarnation, file };
    repair.copiedBytes += await copyLog(ctx, { source, target, identityFile }, log);
  }
}

/** Only what was read back from its new place counts. */
async function confirm(
  ctx: StepCtx,
  repair: Repair,
  { target, backup, manifest }: { target: CopyPlace; backup: WantedBackup; manifest: AnyManifest },
): Promise<void> {
  const judgement: Judgement = await judgeCopy(target, backup, { isRead: () => true });
  const { id, system, before } = backup;
  if (before === null) await addCopy(ctx, target, { manifest, judgement });
  else await recordCopies(ctx, target, [{ backupId: id, system, before, judgement }]);
  if (judgement.state !== "present") {
    noteFailure(ctx, repair, { name: `backup ${id}`, message: judgement.error });
    return;
  }
  ctx.run.say(`backup ${id} is in ${target.name} again`);
  repair.mended += 1;
}
