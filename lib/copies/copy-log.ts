import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { JobCtx } from "@/lib/db/context";
import { DamagedError, PreconditionError } from "@/lib/kernel/errors";
import type { LogPiece } from "@/lib/recovery";
import { findObject, repositoryKeys } from "@/lib/repositories";
import { copyBytes, copyObject, differs } from "./copy-object";
import { type CopyPlace, digestObject, requireKey } from "./copy-place";
import { type LogFile, type LogHolding, listLogFile, readLogHolding } from "./judge-log";

interface CopyWay {
  source: CopyPlace;
  target: CopyPlace;
  /** To prove a segment, whose name holds the digest of its plain bytes. */
  identityFile: string | undefined;
}

/** Brings one log file: the closed log with its signed facts, or else its segments. Returns how many bytes were copied. */
export async function copyLog(ctx: JobCtx, way: CopyWay, log: LogFile): Promise<number> {
  const holding = await readLogHolding(way.source, log, await listLogFile(way.source, log));
  if (holding.closed) return copyClosed(ctx, way, { log, closed: holding.closed });
  let copied = 0;
  for (const segment of holding.segments) copied += await copySegment(ctx, way, segment);
  return copied;
}

/** The object first, its signed facts last: without them it does not count. */
async function copyClosed(
  ctx: JobCtx,
  way: CopyWay,
  { log, closed }: { log: LogFile; closed: NonNullable<LogHolding["closed"]> },
): Promise<number> {
  const { source, target } = way;
  const { signal } = ctx;
  const factsKey = `${repositoryKeys.logPrefix(log)}${log.file}.json`;
  const signatureKey = repositoryKeys.signatureKey(factsKey);
  const bytes = await findObject(source.store, factsKey, signal);
  const signature = await findObject(source.store, signatureKey, signal);
  if (!bytes || !signature) throw new DamagedError(`the facts of the closed log "${log.file}" vanished`, {});
  requireKey(target, bytes, signature);
  const sealed = closed.facts.sealed ?? (await proveClosed(ctx, way, closed));
  let copied = 0;
  const onBytes = (count: number) => {
    copied += count;
  };
  const object = { key: closed.key, ...sealed };
  await copyObject({ signal, onBytes }, { from: source.store, to: target.store }, object);
  await copyBytes(ctx, target.store, { key: signatureKey, bytes: signature });
  await copyBytes(ctx, target.store, { key: factsKey, bytes });
  return copied;
}

/** A closed log whose facts are older than the digest of its stored bytes: it is opened to see that it is right. */
async function proveClosed(
  ctx: JobCtx,
  way: CopyWay,
  { key, facts }: NonNullable<LogHolding["closed"]>,
): Promise<{ sizeBytes: number; sha256: string }> {
  const before = await digestObject(ctx, way.source.store, key);
  const source = await way.source.store.get(key, { signal: ctx.signal });
  const plain = await digestPlain(ctx, way, { input: source, encrypted: key.endsWith(".age") });
  if (plain !== facts.sha256) throw differs(key, way.source.store);
  return before;
}

/** A segment is small: it is held in memory while it is proven. */
async function copySegment(ctx: JobCtx, way: CopyWay, segment: LogPiece): Promise<number> {
  const { signal } = ctx;
  const { source, target } = way;
  const there = await findObject(target.store, segment.key, signal);
  if (there && (await isSegment(ctx, way, { segment, bytes: there }))) return 0;
  const bytes = await findObject(source.store, segment.key, signal);
  if (!bytes || !(await isSegment(ctx, way, { segment, bytes }))) throw differs(segment.key, source.store);
  if (there) await target.store.delete(segment.key, { signal });
  await target.store.put(segment.key, bytes, { signal });
  return bytes.length;
}

async function isSegment(
  ctx: JobCtx,
  way: CopyWay,
  { segment, bytes }: { segment: LogPiece; bytes: Buffer },
): Promise<boolean> {
  const input = Readable.from([bytes], { objectMode: false });
  return (await digestPlain(ctx, way, { input, encrypted: segment.encrypted })) === segment.sha256;
}

/** @returns the digest of what is packed, or null when it cannot be unpacked */
async function digestPlain(
  ctx: JobCtx,
  way: CopyWay,
  { input, encrypted }: { input: Readable; encrypted: boolean },
): Promise<string | null> {
  if (encrypted && !way.identityFile) {
    input.destroy();
    throw new PreconditionError("a stretch of log is proven by opening it, and no private key is configured", {
      hint: "Set keys.identityFile in holdfast.yaml where the runner works.",
    });
  }
  const opening = ctx.engines.envelope.open(input, { encrypted, identityFile: way.identityFile, signal: ctx.signal });
  const hash = createHash("sha256");
  try {
    for await (const chunk of opening.output) hash.update(chunk as Buffer);
    await opening.done;
    return hash.digest("hex");
  } catch (error) {
    await opening.done.catch(() => undefined); // It ends with the same error.
    if (ctx.signal.aborted) throw error;
    return null;
  }
}
