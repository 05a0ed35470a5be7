import type { Prisma } from "@/lib/db/client";
import type { JobCtx } from "@/lib/db/context";
import type { LogChunk } from "@/lib/engines/database/port";
import { ConflictError } from "@/lib/kernel/errors";
import { type OpenRepository, repositoryKeys } from "@/lib/repositories";
import type { LogShipping } from "./ship-log";

/** Seals one stretch of log, stores it under a name that is its manifest, and counts it as covered. */
export async function shipChunk(
  ctx: JobCtx,
  shipping: LogShipping,
  target: { repository: OpenRepository; chunk: LogChunk; after: string },
): Promise<void> {
  const { repository, chunk } = target;
  const { envelope } = ctx.engines;
  const input = await shipping.collector.read(chunk);
  const sealing = envelope.seal(input, { recipients: shipping.recipients, signal: ctx.signal });
  const sealed: Buffer[] = [];
  for await (const bytes of sealing.output) sealed.push(bytes as Buffer);
  const facts = await sealing.done;
  const body = Buffer.concat(sealed);

  const prefix = repositoryKeys.logPrefix({ system: shipping.system, ...identityOf(shipping) });
  const name = repositoryKeys.formatSegmentName(
    { file: chunk.file, start: chunk.start, end: chunk.end, sha256: facts.plain.sha256 },
    envelope.extension(shipping.recipients),
  );
  // The name holds the plain digest, so the same stretch is never stored twice with another one; age's bytes differ at
  // each sealing, so a segment that is there already (a runner died before it could say so) is kept as it is.
  if (!(await repository.store.head(prefix + name, { signal: ctx.signal }))) {
    await repository.store.put(prefix + name, body, { signal: ctx.signal });
  }
  if (chunk.file !== target.after) await closeCoverage(ctx, shipping, target);
  await countCoverage(ctx, shipping, { ...target, storedBytes: body.length });
}

/** A killed server writes no end: that the log goes on in another file is known only when that one is there. */
async function closeCoverage(
  ctx: JobCtx,
  shipping: LogShipping,
  { repository, chunk, after }: { repository: OpenRepository; chunk: LogChunk; after: string },
): Promise<void> {
  const own = { systemId: shipping.systemId, repositoryId: repository.id, ...identityOf(shipping) };
  const now = ctx.now();
  await ctx.db.logCoverage.updateMany({
    where: { ...own, file: after, nextFile: null },
    data: { nextFile: chunk.file, closedAt: now, updatedAt: now },
  });
}

function identityOf(shipping: LogShipping): { serverId: string; incarnation: string } {
  return { serverId: shipping.collector.serverId, incarnation: shipping.collector.incarnation };
}

async function countCoverage(
  ctx: JobCtx,
  shipping: LogShipping,
  shipped: { repository: OpenRepository; chunk: LogChunk; storedBytes: number },
): Promise<void> {
  const { repository, chunk, storedBytes } = shipped;
  const key = { systemId: shipping.systemId, repositoryId: repository.id, ...identityOf(shipping), file: chunk.file };
  const now = ctx.now();
  const reached = {
    fileId: chunk.fileId,
    nextFile: chunk.nextFile,
    endOffset: chunk.end,
    ...(chunk.lastGtid ? { lastGtid: chunk.lastGtid } : {}),
    ...(chunk.lastAt ? { lastAt: chunk.lastAt } : {}),
    ...(chunk.heartbeat ? { heartbeatAt: chunk.heartbeat.at } : {}),
    closedAt: chunk.nextFile === null ? null : now,
    updatedAt: now,
  };
  const { count } = await ctx.db.logCoverage.updateMany({
    where: { ...key, endOffset: chunk.start },
    data: { ...reached, storedBytes: { increment: storedBytes }, segments: { increment: 1 } },
  });
  if (count === 0) await beginCoverage(ctx, { ...key, ...reached }, { chunk, storedBytes });
}

/** The file's first stretch. @throws ConflictError when the coverage does not end where the stretch begins: it never goes back */
async function beginCoverage(
  ctx: JobCtx,
  reached: Omit<Prisma.LogCoverageCreateManyInput, "startOffset">,
  { chunk, storedBytes }: { chunk: LogChunk; storedBytes: number },
): Promise<void> {
  const first = {
    startOffset: chunk.start,
    storedBytes,
    segments: 1,
    firstGtid: chunk.firstGtid,
    firstAt: chunk.heartbeat?.at ?? chunk.firstAt,
  };
  const { count } = await ctx.db.logCoverage.createMany({ data: [{ ...reached, ...first }], skipDuplicates: true });
  if (count === 0) throw new ConflictError(`another runner ships the log file "${chunk.file}" as well`);
}
