import { type Manifest, isDatabaseStart, readManifest } from "@/lib/backups";
import { formatBytes } from "@/lib/kernel/format";
import { DamagedError, NotFoundError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import type { LogPiece } from "./cover-log";
import { findLog } from "./find-log";
import { listManifests } from "./list-manifests";
import { formatPoint, isFullBefore } from "./point";
import { readChain } from "./read-chain";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/**
 * Chooses the newest full or increment of files that lies before the point, and the log that follows it, as the repository itself lists
 * them: the console's catalogue is not asked, so it may be lost.
 * @throws PreconditionError without a full, RefusedError when every full lies after the point
 */
export async function findPoint(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const { source } = recovery;
  const chain = recovery.backupId
    ? await readChain(ctx, source, await readNamed(ctx, recovery, recovery.backupId))
    : await chooseChain(ctx, recovery, await listManifests(ctx, source, isDatabaseStart));
  const manifest = known(chain.at(-1), "the backup");
  recovery.pieces = await findLog(ctx, recovery, manifest);
  recovery.manifest = manifest;
  recovery.chain = chain;
  const bytes = chain.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  return {
    summary: `${manifest.type} of ${manifest.startedAt} in ${source.repository}, ${formatBytes(bytes)}, then ${describe(recovery.pieces)}`,
    backupId: manifest.id,
    repository: source.repository,
  };
}

/** The backup that was named. @throws DamagedError when it is gone: it was there, or nobody could name it */
async function readNamed({ signal }: RecoveryCtx, { source }: Recovery, id: string): Promise<Manifest> {
  const { store, system, publicKeys } = source;
  const manifest = await readManifest(store, { system, id }, { publicKeys, signal }).catch((cause: unknown) => {
    if (!(cause instanceof NotFoundError)) throw cause;
    throw new DamagedError(`backup "${id}" is gone from repository "${source.repository}"`, {
      hint: `Who deleted it in ${store.location}? Another repository may hold a copy.`,
      cause,
    });
  });
  if (isDatabaseStart(manifest)) return manifest;
  throw new RefusedError(`backup "${id}" is an incremental: it is restored with the full that it continues`, {
    hint: `Name the full ${manifest.parent}, or a point in time.`,
  });
}

function describe(pieces: readonly LogPiece[]): string {
  return pieces.length === 0 ? "no log" : `${pieces.length} pieces of log`;
}

/** An increment whose chain is not whole here is passed over: the log may reach on from what lies before it. */
async function chooseChain(ctx: RecoveryCtx, recovery: Recovery, manifests: readonly Manifest[]): Promise<Manifest[]> {
  const chosen = chooseFull(manifests, recovery);
  try {
    return await readChain(ctx, recovery.source, chosen);
  } catch (cause) {
    const isBroken = cause instanceof NotFoundError || cause instanceof DamagedError;
    if (!isBroken || chosen.type === "full") throw cause;
    ctx.run.say(`the chain of increment ${chosen.id} is not whole: ${cause.message}. It is left out`, "warning");
    const others = manifests.filter((each) => each !== chosen);
    return chooseChain(ctx, recovery, others);
  }
}

function chooseFull(manifests: readonly Manifest[], recovery: Recovery): Manifest {
  const [newest] = manifests;
  if (!newest) {
    throw new PreconditionError(
      `repository "${recovery.source.repository}" holds no backup of "${recovery.source.system}"`,
      {
        hint: `Is ${recovery.source.store.location} the right place? Another repository may hold one.`,
      },
    );
  }
  const chosen =
    manifests.find((manifest) => isFullBefore(toFull(manifest), recovery.point)) ?? begunBefore(manifests, recovery);
  if (chosen) return chosen;
  const oldest = manifests.at(-1) ?? newest;
  throw new RefusedError(
    `the point ${formatPoint(recovery.point)} lies before every backup in "${recovery.source.repository}"`,
    {
      hint: `The earliest that can be reached is ${oldest.endedAt}, gtid ${oldest.position.gtid}.`,
    },
  );
}

/** Taken around the time, with none before it: the log's heartbeats will tell whether its snapshot is early enough. */
function begunBefore(manifests: readonly Manifest[], { point }: Recovery): Manifest | undefined {
  if (point.kind !== "time") return undefined;
  return manifests.find((manifest) => new Date(manifest.startedAt) <= point.at);
}

function toFull(manifest: Manifest): { endedAt: Date; gtid: string } {
  return { endedAt: new Date(manifest.endedAt), gtid: manifest.position.gtid };
}
