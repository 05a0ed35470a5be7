import type { JobCtx } from "@/lib/db/context";
import { type LogCollector, type LogCollectorState, LogGapError, type LogOffset } from "@/lib/engines/database/port";
import { EngineError, PreconditionError, summarizeError } from "@/lib/kernel/errors";
import { type OpenRepository, openRepository } from "@/lib/repositories";
import { loadConfiguration } from "@/lib/settings";
import { type MariadbDeclaration, isDatabase } from "@/lib/settings/schemas";
import { compactLog } from "./compact-log";
import { newestRow, positionAfter, resumeAfter } from "./log-position";
import { recordGap, recordIncarnation } from "./record-log";
import { shipChunk } from "./ship-chunk";
import { startBackup } from "./start-backup";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";

/** About so much is shipped as one segment: it is sealed in memory. */
const CHUNK_BYTES_MAX = 8 * 2 ** 20;

export interface LogShipping {
  systemId: string;
  system: string;
  declaration: MariadbDeclaration;
  recipients: readonly string[];
  collector: LogCollector;
  /** Aborted when the log was found to have a hole: what lies before it is shipped at once, and then the lanes end. */
  gapFound: AbortController;
}

/**
 * Follows a system's log and ships its new bytes to every declared repository, until the signal ends it. Each
 * repository has a position of its own: one that is away for a while catches up, without a gap, and the others do not
 * wait for it. At a gap a new incarnation begins, which needs a new full.
 */
export async function shipLog(ctx: JobCtx, system: string): Promise<void> {
  while (!ctx.signal.aborted) await shipIncarnation(ctx, system);
}

/** Until the signal, or until everything before a gap is shipped. No lane outlives it. */
async function shipIncarnation(ctx: JobCtx, system: string): Promise<void> {
  const ending = new AbortController();
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, ending.signal]) };
  const shipping = await beginShipping(own, system);
  const lanes = (shipping.declaration.backup.log?.to ?? []).map((name) => shipTo(own, shipping, name));
  const work = [...lanes, watchCollector(own, shipping)];
  try {
    await Promise.all(work);
  } finally {
    ending.abort();
    await Promise.allSettled(work);
    await shipping.collector.stop();
  }
}

async function beginShipping(ctx: JobCtx, system: string): Promise<LogShipping> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isDatabase(declaration) || !declaration.backup.log) {
    throw new EngineError(`system "${system}" declares no log backup`, {
      engine: "mariadb",
      operation: "collect the log",
      permanent: true,
      hint: "Declare `backup.log` in holdfast.yaml.",
    });
  }
  const row = await ctx.db.system.findUniqueOrThrow({ where: { name: system } });
  const coverage = await ctx.db.logCoverage.findMany({
    where: { systemId: row.id, incarnation: row.logIncarnation ?? "" },
  });
  const gap = await ctx.db.logGap.findFirst({ where: { systemId: row.id, incarnation: row.logIncarnation ?? "" } });
  const engine = await ctx.engines.database(system);
  const collector = await engine.collectLog({
    spool: `${ctx.engines.directories.spool}/${system}`,
    identity: `holdfast/${system}`,
    from: gap ? null : resumeAfter(coverage),
    silenceMs: Math.max(3 * declaration.heartbeat, 3_000),
    onState: (state) => tellState(ctx, system, state),
    signal: ctx.signal,
  });
  try {
    const incarnation = await recordIncarnation(ctx, { systemId: row.id, system, collector });
    if (incarnation === "new") await startNewChain(ctx, system);
  } catch (error) {
    await collector.stop();
    throw error;
  }
  const { recipients } = configuration.keys;
  return { systemId: row.id, system, declaration, recipients, collector, gapFound: new AbortController() };
}

/** That the log cannot be collected just now is no run's failure: the exposure shows it, and the runner's log says why. */
function tellState(ctx: JobCtx, system: string, { phase, message, hint }: LogCollectorState): void {
  const isWell = phase === "connecting" || phase === "following" || ctx.signal.aborted;
  ctx.log[isWell ? "info" : "warn"]({ system, phase, hint }, message);
}

/** No full that was taken before belongs to the new log: until another one is taken, nothing new can be recovered. */
async function startNewChain(ctx: JobCtx, system: string): Promise<void> {
  try {
    await startBackup(ctx, { system, reason: "the server's log was begun anew: a new chain needs a full" });
  } catch (error) {
    if (!(error instanceof PreconditionError)) throw error;
    ctx.log.warn({ err: error, system }, "no full was started for the new log");
  }
}

/**
 * One repository's lane: ship what is new, wait for the interval, again. A failure is said, kept, and tried again. It
 * ends when everything before a gap is there; a repository that fails then is not waited for: the new log must begin.
 */
async function shipTo(ctx: JobCtx, shipping: LogShipping, name: string): Promise<void> {
  const intervalMs = (shipping.declaration.backup.log?.interval ?? 60) * 1_000;
  const compaction: Compaction = { putOff: new Map(), running: null };
  try {
    await shipOn(ctx, shipping, { name, intervalMs, compaction });
  } finally {
    await compaction.running;
  }
}

async function shipOn(
  ctx: JobCtx,
  shipping: LogShipping,
  { name, intervalMs, compaction }: { name: string; intervalMs: number; compaction: Compaction },
): Promise<void> {
  let repository: OpenRepository | undefined;
  while (!ctx.signal.aborted) {
    const isLast = shipping.gapFound.signal.aborted;
    try {
      repository ??= await openRepository(ctx, name);
      await shipNew(ctx, shipping, repository);
      compactBeside(ctx, shipping, { repository, compaction });
      await releaseSpool(ctx, shipping);
    } catch (error) {
      if (ctx.signal.aborted || error instanceof LogGapError) return;
      repository = undefined;
      const summary = summarizeError(error);
      ctx.log.warn({ err: error, system: shipping.system, repository: name }, "the log could not be shipped");
      await ctx.db.repository.update({ where: { name }, data: { checkedAt: ctx.now(), checkError: summary.message } });
      if (isLast) return;
    }
    await waitFor(intervalMs, AbortSignal.any([ctx.signal, shipping.gapFound.signal]));
  }
}

/** Ships what is there. What the server writes meanwhile waits for the interval: else there would be a segment a moment,
 *  and each is a fetch of the recovery. */
async function shipNew(ctx: JobCtx, shipping: LogShipping, repository: OpenRepository): Promise<void> {
  for (;;) {
    const after = (await positionOf(ctx, shipping, repository.id)) ?? shipping.collector.begin;
    const chunk = await shipping.collector.next(after, CHUNK_BYTES_MAX);
    if (!chunk || ctx.signal.aborted) return;
    await shipChunk(ctx, shipping, { repository, chunk, after: after.file });
    const isBehind =
      chunk.nextFile !== null || chunk.endsInTransaction || chunk.end - chunk.start > CHUNK_BYTES_MAX / 2;
    if (!isBehind) return;
  }
}

/** Closed logs that could not be read from the server, and when they are tried again (monotonic, ms). */
interface Compaction {
  putOff: Map<string, number>;
  running: Promise<void> | null;
}

const PUT_OFF_MS = 600_000;

/** Beside the shipping: a log of 1 GB is read, sealed and read back for longer than an exposure may last. */
function compactBeside(
  ctx: JobCtx,
  shipping: LogShipping,
  { repository, compaction }: { repository: OpenRepository; compaction: Compaction },
): void {
  compaction.running ??= compactNext(ctx, shipping, { repository, compaction })
    .catch((error: unknown) => {
      if (ctx.signal.aborted) return;
      ctx.log.warn({ err: error, repository: repository.name }, "a closed log could not be compacted");
    })
    .finally(() => {
      compaction.running = null;
    });
}

/** One closed log at a time, after what is new was shipped. */
async function compactNext(
  ctx: JobCtx,
  shipping: LogShipping,
  { repository, compaction }: { repository: OpenRepository; compaction: Compaction },
): Promise<void> {
  const { serverId, incarnation } = shipping.collector;
  const waiting = [...compaction.putOff].filter(([, until]) => until > monotonicMs()).map(([file]) => file);
  const closed = await ctx.db.logCoverage.findFirst({
    where: {
      systemId: shipping.systemId,
      repositoryId: repository.id,
      serverId,
      incarnation,
      closedAt: { not: null },
      compactedAt: null,
      expiredAt: null,
      file: { notIn: waiting },
    },
    orderBy: { closedAt: "asc" },
  });
  if (!closed) return;
  try {
    await compactLog(ctx, shipping, { repository, file: closed.file, sizeBytes: Number(closed.endOffset) });
  } catch (error) {
    // The repository is well, and so are the segments in it: only the server, down or without the file, is not.
    if (!(error instanceof EngineError) || error.engine !== "mariadb") throw error;
    compaction.putOff.set(closed.file, monotonicMs() + PUT_OFF_MS);
    ctx.log.info({ err: error, file: closed.file, repository: repository.name }, "a closed log stays in segments");
  }
}

async function positionOf(ctx: JobCtx, shipping: LogShipping, repositoryId: string): Promise<LogOffset | undefined> {
  const { serverId, incarnation } = shipping.collector;
  const rows = await ctx.db.logCoverage.findMany({
    where: { systemId: shipping.systemId, repositoryId, serverId, incarnation },
    orderBy: { updatedAt: "desc" },
    take: 4,
  });
  const newest = newestRow(rows);
  return newest ? positionAfter(newest) : undefined;
}

/** Tells the collector what every repository has: only that may leave the spool. */
async function releaseSpool(ctx: JobCtx, shipping: LogShipping): Promise<void> {
  const repositories = await ctx.db.repository.findMany({
    where: { name: { in: shipping.declaration.backup.log?.to ?? [] } },
    select: { id: true },
  });
  const positions = await Promise.all(repositories.map(({ id }) => positionOf(ctx, shipping, id)));
  await shipping.collector.release(positions.map((position) => position ?? shipping.collector.begin));
}

const WATCH_PERIOD_MS = 1_000;

/**
 * Resolves when the log cannot be followed without a hole, and has been recorded so.
 * @throws PreconditionError when the collector ended by itself: the one who holds the duty starts another
 */
async function watchCollector(ctx: JobCtx, shipping: LogShipping): Promise<void> {
  const { systemId, system, collector } = shipping;
  while (!ctx.signal.aborted) {
    const { gap, phase, message } = collector.state();
    if (gap) {
      await recordGap(ctx, { systemId, system, collector, gap, message });
      shipping.gapFound.abort();
      return;
    }
    if (phase === "stopped") {
      throw new PreconditionError(`the log of "${system}" is not followed any more: ${message}`, {
        hint: "It is taken up again by itself; look at the log of the runner if it happens often.",
      });
    }
    await waitFor(WATCH_PERIOD_MS, ctx.signal);
  }
}
