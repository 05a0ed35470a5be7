import { Readable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { systemNow } from "@/lib/kernel/time";
import { toBrokenSource } from "@/lib/engines/shared/broken-source";
import { holdError } from "@/lib/engines/shared/measured-stream";
import { bytesOf } from "@/lib/engines/shared/parts";
import { assertObjectKey, compareKeys } from "@/lib/engines/shared/object-key";
import type { ObjectInfo, ObjectStore, StoreFacts, StoredObject } from "../port";

interface Held {
  bytes: Buffer;
  modifiedAt: Date;
}

/** A store that keeps everything in this process: for unit tests only. */
export function openMemoryStore(): ObjectStore {
  return new MemoryStore();
}

class MemoryStore implements ObjectStore {
  readonly location = "memory";
  readonly #objects = new Map<string, Held>();

  async put(key: string, body: Readable | Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    assertObjectKey(key, "memory");
    const bytes = body instanceof Readable ? await collect(key, body, options.signal) : Buffer.from(body);
    assertGoingOn(options.signal);
    const held = this.#objects.get(key);
    if (held && !held.bytes.equals(bytes)) {
      throw failure("store", `"${key}" exists already with different content; it was left as it is`);
    }
    if (!held) this.#objects.set(key, { bytes, modifiedAt: systemNow() });
    return { sizeBytes: bytes.length };
  }

  async replace(key: string, body: Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    assertObjectKey(key, "memory");
    assertGoingOn(options.signal);
    const bytes = Buffer.from(body);
    this.#objects.set(key, { bytes, modifiedAt: systemNow() });
    return { sizeBytes: bytes.length };
  }

  async get(key: string, options: { signal: AbortSignal }): Promise<Readable> {
    assertObjectKey(key, "memory");
    assertGoingOn(options.signal);
    const held = this.#objects.get(key);
    if (!held) throw failure("read", `cannot read "${key}": there is no such object`);
    return Readable.from(held.bytes.length === 0 ? [] : [held.bytes], { objectMode: false });
  }

  async head(key: string, options: { signal: AbortSignal }): Promise<ObjectInfo | null> {
    assertObjectKey(key, "memory");
    assertGoingOn(options.signal);
    const held = this.#objects.get(key);
    return held ? { key, sizeBytes: held.bytes.length, modifiedAt: held.modifiedAt } : null;
  }

  async *list(prefix: string, options: { signal: AbortSignal }): AsyncGenerator<ObjectInfo> {
    for (const key of [...this.#objects.keys()].sort(compareKeys)) {
      const info = key.startsWith(prefix) ? await this.head(key, options) : null;
      if (info) yield info;
    }
  }

  async delete(key: string, options: { signal: AbortSignal }): Promise<void> {
    assertObjectKey(key, "memory");
    assertGoingOn(options.signal);
    this.#objects.delete(key);
  }

  /** An upload that never ended left nothing: it ended with its process. */
  async abortUnfinishedUploads(_olderThan: Date, options: { signal: AbortSignal }): Promise<number> {
    assertGoingOn(options.signal);
    return 0;
  }

  async inspect(options: { signal: AbortSignal }): Promise<StoreFacts> {
    assertGoingOn(options.signal);
    return { location: this.location, versioning: "off", objectLock: "off" };
  }
}

async function collect(key: string, body: Readable, signal: AbortSignal): Promise<Buffer> {
  holdError(body);
  const stop = () => body.destroy();
  signal.addEventListener("abort", stop, { once: true });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of bytesOf(body)) {
      assertGoingOn(signal);
      chunks.push(Buffer.from(chunk));
    }
    assertGoingOn(signal);
    return Buffer.concat(chunks);
  } catch (error) {
    throw toBrokenSource(error, { engine: "memory", key, signal });
  } finally {
    signal.removeEventListener("abort", stop);
    body.destroy();
  }
}

function assertGoingOn(signal: AbortSignal): void {
  if (signal.aborted) throw new CancelledError("stopped before it reached the store");
}

function failure(operation: string, message: string): EngineError {
  return new EngineError(message, {
    engine: "memory",
    operation,
    permanent: true,
    hint: "This store is for tests: look at the test.",
  });
}
