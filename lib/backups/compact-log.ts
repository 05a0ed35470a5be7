import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { JobCtx } from "@/lib/db/context";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { EngineError } from "@/lib/kernel/errors";
import { type OpenRepository, findObject, repositoryKeys, writeEverywhere } from "@/lib/repositories";
import type { ClosedLog } from "./closed-log";
import type { LogShipping } from "./ship-log";

const READ_BYTES = 8 * 2 ** 20;

/**
 * Replaces the segments of a closed log in one repository by one object with a signed manifest, and deletes them
 * once that object was read back. The bytes come from the collector, so that no private key is needed. A segment that
 * cannot be deleted (a lock holds it) stays and does no harm.
 */
export async function compactLog(
  ctx: JobCtx,
  shipping: LogShipping,
  target: { repository: OpenRepository; file: string; sizeBytes: number },
): Promise<void> {
  const { signal, engines } = ctx;
  const { store, id: repositoryId } = target.repository;
  const { serverId, incarnation } = shipping.collector;
  const prefix = repositoryKeys.logPrefix({ system: shipping.system, serverId, incarnation });
  const key = `${prefix}${target.file}${engines.envelope.extension(shipping.recipients)}`;
  const manifest = `${prefix}${target.file}.json`;
  if (!(await isCompacted(ctx, target.repository, { key, manifest }))) {
    const facts = await storeClosed(ctx, shipping, { ...target, key });
    const bytes = Buffer.from(`${JSON.stringify(facts, null, 1)}\n`);
    // Stored, not replaced: only what is stored is locked. What an attempt that did not end left behind makes room.
    for (const [name, body] of [
      [repositoryKeys.signatureKey(manifest), engines.signer.sign(bytes)],
      [manifest, bytes],
    ] as const) {
      await store.delete(name, { signal });
      await store.put(name, body, { signal });
    }
  }
  await deleteSegments(ctx, store, `${prefix}${target.file}.`);
  await ctx.db.logCoverage.updateMany({
    where: { systemId: shipping.systemId, repositoryId, serverId, incarnation, file: target.file },
    data: { compactedAt: ctx.now(), segments: 1 },
  });
}

/**
 * Whether an attempt that did not end got as far as the signed manifest, which is written after the object was read
 * back. Then the object is never touched again: some of its segments may be gone already.
 */
async function isCompacted(
  ctx: JobCtx,
  { store, identity }: OpenRepository,
  { key, manifest }: { key: string; manifest: string },
): Promise<boolean> {
  const bytes = await findObject(store, manifest, ctx.signal);
  const signature = bytes && (await findObject(store, repositoryKeys.signatureKey(manifest), ctx.signal));
  if (!bytes || !signature || !identity.publicKeys.some((pem) => isSignatureValid(pem, bytes, signature))) return false;
  return (await store.head(key, { signal: ctx.signal })) !== null;
}

async function storeClosed(
  ctx: JobCtx,
  shipping: LogShipping,
  target: { repository: OpenRepository; key: string; file: string; sizeBytes: number },
): Promise<ClosedLog> {
  const engine = await ctx.engines.database(shipping.system);
  const { name, store } = target.repository;
  const source: { error?: unknown } = {};
  const input = Readable.from(keepError(readFile(shipping, target.file), source), { objectMode: false });
  const measured = engine.measureLog(target.file, input, ctx.signal);
  const sealing = ctx.engines.envelope.seal(measured.output, { recipients: shipping.recipients, signal: ctx.signal });
  // age's bytes differ at each sealing: what an attempt that did not end left behind makes room.
  await store.delete(target.key, { signal: ctx.signal });
  const [log, facts, written] = await Promise.all([
    measured.done,
    sealing.done,
    writeEverywhere(sealing.chunks(), [{ repository: name, store }], {
      keyOf: () => target.key,
      signal: ctx.signal,
    }),
  ]).catch((error: unknown) => {
    throw source.error ?? error;
  });
  if (facts.plain.sizeBytes !== target.sizeBytes) {
    await store.delete(target.key, { signal: ctx.signal });
    throw unreadable(`the server's log "${target.file}" is not the one that was shipped`);
  }
  await readBack(ctx, store, { key: target.key, sha256: written.whole.sha256 });
  return {
    format: 1,
    file: target.file,
    nextFile: log.nextFile,
    sizeBytes: facts.plain.sizeBytes,
    sha256: facts.plain.sha256,
    firstGtid: log.firstGtid,
    lastGtid: log.lastGtid,
    firstAt: log.firstAt?.toISOString() ?? null,
    lastAt: log.lastAt?.toISOString() ?? null,
    sealed: written.whole,
    heartbeatAt: log.heartbeat?.at.toISOString() ?? null,
    fileId: log.fileId,
  };
}

/** What a stream ends with is the cause of what its readers say. */
async function* keepError(input: AsyncIterable<Buffer>, kept: { error?: unknown }): AsyncGenerator<Buffer> {
  try {
    yield* input;
  } catch (error) {
    kept.error = error;
    throw error;
  }
}

/** The plain bytes of a closed file from its first to its last, from the spool or again from the server. */
async function* readFile(shipping: LogShipping, file: string): AsyncGenerator<Buffer> {
  for (let offset = 0; ;) {
    const chunk = await shipping.collector.next({ file, offset }, READ_BYTES);
    if (!chunk) throw unreadable(`the closed log "${file}" can no longer be read from the server`);
    // A file that a killed server left has no end of its own: the log just goes on in the next one.
    if (chunk.file !== file) return;
    for await (const bytes of await shipping.collector.read(chunk)) yield bytes as Buffer;
    if (chunk.nextFile !== null) return;
    offset = chunk.end;
  }
}

function unreadable(message: string): EngineError {
  return new EngineError(message, {
    engine: "mariadb",
    operation: "compact the log",
    permanent: false,
    hint: "Its segments stay in the repository and are as good; nothing is lost.",
  });
}

async function readBack(ctx: JobCtx, store: ObjectStore, object: { key: string; sha256: string }): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of await store.get(object.key, { signal: ctx.signal })) hash.update(chunk as Buffer);
  if (hash.digest("hex") === object.sha256) return;
  throw new EngineError(`the compacted log "${object.key}" does not read back as it was written`, {
    engine: "object-store",
    operation: "read back",
    permanent: false,
    hint: `Look at the disks behind ${store.location}; the segments were kept.`,
  });
}

async function deleteSegments(ctx: JobCtx, store: ObjectStore, prefix: string): Promise<void> {
  const keys: string[] = [];
  for await (const object of store.list(prefix, { signal: ctx.signal })) {
    if (repositoryKeys.parseSegmentName(object.key.slice(object.key.lastIndexOf("/") + 1))) keys.push(object.key);
  }
  for (const key of keys) {
    await store.delete(key, { signal: ctx.signal }).catch((cause: unknown) => {
      if (!(cause instanceof EngineError) || !cause.permanent) throw cause;
      ctx.log.info({ key }, "a segment stays: the store does not let it be deleted");
    });
  }
}
