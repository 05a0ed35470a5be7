import type { AnyManifest, CodeManifest, FilesManifest, ManifestPart } from "@/lib/backups";
import type { FilesComparison } from "@/lib/engines/files/port";
import { DamagedError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { StepOutcome } from "@/lib/runs";
import { listManifests } from "./list-manifests";
import { openPart } from "./open-part";
import { type Point, formatPoint } from "./point";
import { type RecoveryCtx, type RecoverySource, known } from "./recovery";

export type TreeManifest = FilesManifest | CodeManifest;

/** One recovery of files or code under way: what its steps hand to each other. It works without the console's database. */
export interface TreeRecovery {
  source: RecoverySource;
  point: Point;
  identityFile: string | undefined;
  /** Where it comes back: empty or absent. */
  directory: string;
  /** Names the place beside it where an attempt unpacks. */
  key: string;
  /** A full and what continues it, in order. */
  chain?: TreeManifest[];
  /** Where it is unpacked until all of it was compared. */
  place?: string;
  comparison?: FilesComparison;
  isSettled?: boolean;
}

export function isTree(manifest: AnyManifest): manifest is TreeManifest {
  return manifest.kind === "files" || manifest.kind === "git";
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
  const manifests = await listManifests(ctx, source, isTree);
  const newest = manifests.find((manifest) => isBefore(manifest, point));
  if (!newest) throw nothingBefore(manifests, recovery);
  const chain = chainOf(newest, manifests, source);
  recovery.chain = chain;
  const bytes = chain.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  const increments = chain.length > 1 ? ` with ${chain.length - 1} increments before it` : "";
  return {
    summary: `${newest.type} of ${newest.startedAt} in ${source.repository}${increments}, ${formatBytes(bytes)}`,
    backupId: newest.id,
    repository: source.repository,
  };
}

function isBefore(manifest: TreeManifest, point: Point): boolean {
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

/** Unpacks the chain beside the target. */
export async function unpackTree(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  const { files, code } = ctx.engines;
  const chain = known(recovery.chain, "the chain");
  const place = await files.prepareTarget(recovery.directory, recovery.key);
  recovery.place = place;
  const total = chain.reduce((sum, manifest) => sum + archiveOf(manifest).sealed.sizeBytes, 0);
  let before = 0;
  for (const manifest of chain) {
    const onProgress = (done: number) => ctx.run.progress({ done: before + done, total, unit: "bytes" });
    if (manifest.kind === "git") {
      const facts = { refs: manifest.refs, head: manifest.head, tool: manifest.tools.git ?? "" };
      await openPart(ctx, recovery, {
        part: archiveOf(manifest),
        onProgress,
        consume: (plain) => code.restore(place, plain, { facts, signal: ctx.signal }),
      });
    } else {
      await openPart(ctx, recovery, {
        part: archiveOf(manifest),
        onProgress,
        consume: (plain) => files.extract(place, plain, { signal: ctx.signal }),
      });
    }
    before += archiveOf(manifest).sealed.sizeBytes;
  }
  return { summary: `${chain.length} archives unpacked` };
}

function archiveOf(manifest: TreeManifest): ManifestPart {
  return partOf(manifest, manifest.kind === "git" ? "bundle" : "files");
}

function partOf(manifest: TreeManifest, name: ManifestPart["name"]): ManifestPart {
  const part = manifest.parts.find((each) => each.name === name);
  if (part) return part;
  throw new DamagedError(`backup "${manifest.id}" has no part "${name}"`, {
    hint: "Restore from the other repository.",
  });
}

/** Compares every entry with what was packed. @throws DamagedError where one that was settled differs */
export async function checkTree(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  const [place, manifest] = [known(recovery.place, "the place"), known(recovery.chain?.at(-1), "the manifest")];
  if (manifest.kind === "git") return { summary: `${manifest.refs.length} refs, each as it was` };
  await openPart(ctx, recovery, {
    part: partOf(manifest, "listing"),
    consume: async (plain) => {
      recovery.comparison = await ctx.engines.files.compare(place, plain, {
        include: manifest.source.include,
        signal: ctx.signal,
      });
    },
  });
  const { compared, unsettled, digest, differences, ownersCompared } = known(recovery.comparison, "the comparison");
  const [first] = differences.first;
  if (first || digest !== manifest.digest) {
    const what = first ? `${first.path} (${[first.kind, ...first.facts].join(" ")})` : "the listing's digest";
    throw new DamagedError(`${Math.max(1, differences.count)} entries came back otherwise than they were: ${what}`, {
      hint: "Restore from the other repository, or an older backup; what was unpacked was removed.",
    });
  }
  if (!ownersCompared) ctx.run.say("owners are not compared: only root may give files away", "warning");
  const changing = unsettled > 0 ? `; ${unsettled} were changing when they were packed` : "";
  return { summary: `${compared} entries, each as it was${changing}`, compared, unsettled };
}

/** Puts the whole in its place. */
export async function settleTree(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  await ctx.engines.files.settleTarget(known(recovery.place, "the place"), recovery.directory);
  recovery.isSettled = true;
  return { summary: `it lies in ${recovery.directory}` };
}

/** Removes what an attempt that did not end left beside the target. */
export async function dropTree(ctx: RecoveryCtx, { place, isSettled }: TreeRecovery): Promise<void> {
  if (place && !isSettled) await ctx.engines.files.dropTarget(place);
}

/** The answer of `restore --json`. */
export function describeTreeResult({ source, chain, directory, isSettled }: TreeRecovery): Record<string, unknown> {
  const newest = chain?.at(-1);
  return {
    target: isSettled ? { socket: null, port: null, directory } : null,
    restoredTo: newest ? { time: newest.startedAt } : null,
    fromRepository: source.repository,
    backupId: newest?.id ?? null,
    chain: chain?.map(({ id }) => id) ?? [],
  };
}
