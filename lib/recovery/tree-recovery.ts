import type { AnyManifest, CodeManifest, FileLogManifest, FilesManifest } from "@/lib/backups";
import type { FilesComparison } from "@/lib/engines/files/port";
import { DamagedError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { StepOutcome } from "@/lib/runs";
import { listManifests } from "./list-manifests";
import { describeLogs, findTreeLogs, isFileLog } from "./find-tree-logs";
import { type Point, formatPoint } from "./point";
import type { RecoveryCtx, RecoverySource } from "./recovery";

export type TreeManifest = FilesManifest | CodeManifest;

/** One recovery of files or code under way: what its steps hand to each other. It works without the console's database. */
export interface TreeRecovery {
  source: RecoverySource;
  point: Point;
  identityFile: string | undefined;
  /** Where it comes back: empty or absent. */
  directory: string;
  /** This backup and no other, and no logs. */
  backupId?: string;
  /** Names the place beside it where an attempt unpacks. */
  key: string;
  /** A full and what continues it, in order. */
  chain?: TreeManifest[];
  /** Backups of its logs that go on from it without a hole, in order. */
  logs?: FileLogManifest[];
  /** Where it is unpacked until all of it was compared. */
  place?: string;
  comparison?: FilesComparison;
  isSettled?: boolean;
}

export function isTree(manifest: AnyManifest): manifest is TreeManifest {
  return manifest.kind === "git" || (manifest.kind === "files" && manifest.type !== "log");
}

type AnyTree = TreeManifest | FileLogManifest;

function isTreeOrLog(manifest: AnyManifest): manifest is AnyTree {
  return isTree(manifest) || isFileLog(manifest);
}

/** Whether files or code of this name lie in the repository, not a database. */
export async function holdsTree(ctx: RecoveryCtx, source: RecoverySource): Promise<boolean> {
  return (await listManifests(ctx, source, isTree)).length > 0;
}

/**
 * Chooses the newest backup that had ended at the point, and those that it continues, as the repository itself lists
 * them.
 * @throws PreconditionError without a backup, RefusedError when all lie after the point, DamagedError for a broken chain
 */
export async function findTree(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  const { source, point } = recovery;
  const all = await listManifests(ctx, source, isTreeOrLog);
  const manifests = all.filter(isTree);
  const newest = recovery.backupId
    ? named(manifests, recovery, recovery.backupId)
    : manifests.find((manifest) => isBefore(manifest, point));
  if (!newest) throw nothingBefore(manifests, recovery);
  const chain = chainOf(newest, manifests, source);
  recovery.chain = chain;
  recovery.logs = findTreeLogs(ctx, {
    tree: newest,
    logs: all.filter(isFileLog),
    until: (log) => isBefore(log, point),
  });
  const bytes = chain.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  const increments = chain.length > 1 ? ` with ${chain.length - 1} increments before it` : "";
  return {
    summary: `${newest.type} of ${newest.startedAt} in ${source.repository}${increments}, ${formatBytes(bytes)}${describeLogs(recovery.logs)}`,
    backupId: newest.id,
    repository: source.repository,
  };
}

/** The backup that was named. @throws DamagedError when it is gone: it was there, or nobody could name it */
function named(manifests: readonly TreeManifest[], { source }: TreeRecovery, id: string): TreeManifest {
  const found = manifests.find((manifest) => manifest.id === id);
  if (found) return found;
  throw new DamagedError(`backup "${id}" is gone from repository "${source.repository}"`, {
    hint: `Who deleted it in ${source.store.location}? Another repository may hold a copy.`,
  });
}

function isBefore(manifest: { endedAt: string }, point: Point): boolean {
  if (point.kind === "latest") return true;
  if (point.kind === "time") return new Date(manifest.endedAt) <= point.at;
  throw new RefusedError(`${formatPoint(point)} is a point of a database's log`, {
    hint: "Files and code come back as of a time, or latest.",
  });
}

function nothingBefore(manifests: readonly TreeManifest[], { source, point }: TreeRecovery) {
  const oldest = manifests.at(-1);
  if (!oldest) {
    return new PreconditionError(`repository "${source.repository}" holds no backup of "${source.system}"`, {
      hint: `Is ${source.store.location} the right place? Another repository may hold one.`,
    });
  }
  return new RefusedError(`the point ${formatPoint(point)} lies before every backup in "${source.repository}"`, {
    hint: `The earliest that can be reached is ${oldest.endedAt}.`,
  });
}

function chainOf(newest: TreeManifest, manifests: readonly TreeManifest[], source: RecoverySource): TreeManifest[] {
  const chain = [newest];
  for (let first = newest; first.parent !== null;) {
    const { parent } = first;
    const before = manifests.find(({ id }) => id === parent);
    if (!before || chain.includes(before)) {
      throw new DamagedError(`backup "${first.id}" continues "${parent}", which is not in "${source.repository}"`, {
        hint: "Restore from another repository, or to a time before it.",
      });
    }
    chain.unshift(before);
    first = before;
  }
  return chain;
}

/** The answer of `restore --json`. */
export function describeTreeResult({
  source,
  chain,
  logs,
  directory,
  isSettled,
}: TreeRecovery): Record<string, unknown> {
  const newest = chain?.at(-1);
  return {
    target: isSettled ? { socket: null, port: null, directory } : null,
    restoredTo: newest ? { time: newest.startedAt, logs: logs?.at(-1)?.startedAt ?? null } : null,
    fromRepository: source.repository,
    backupId: newest?.id ?? null,
    chain: chain?.map(({ id }) => id) ?? [],
  };
}
