import { Readable } from "node:stream";
import { EngineError } from "@/lib/kernel/errors";
import { bytesOf } from "@/lib/engines/shared/parts";
import type { ObjectInfo, ObjectStore, StoreFacts, StoredObject } from "../port";

type Operation = "put" | "replace" | "get" | "head" | "list" | "delete" | "inspect";

/** A store in front of another one that a test breaks, slows down or listens at. */
export class FaultyStore implements ObjectStore {
  /** Asked before each operation; a rejection is the operation's answer. */
  before: (operation: Operation, key: string) => void | Promise<void> = () => undefined;
  /** What the inner store gets to read in the place of a body. */
  body: ((key: string, body: Readable) => Readable) | null = null;
  /** What a put answers in the place of the inner store's answer. */
  answer: (stored: StoredObject) => StoredObject = (stored) => stored;

  constructor(readonly inner: ObjectStore) {}

  get location(): string {
    return this.inner.location;
  }

  /** From now on nothing of it answers; null: it does again. */
  fail(message: string | null): void {
    this.before = message === null ? () => undefined : () => Promise.reject(storeFailure(message));
  }

  async put(key: string, body: Readable | Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    try {
      await this.before("put", key);
    } catch (error) {
      if (!(body instanceof Uint8Array)) body.destroy(); // as the port says: closed in every case
      throw error;
    }
    const change = this.body;
    const isChanged = change !== null && body instanceof Readable;
    const given = isChanged ? change(key, Readable.from(bytesOf(body), { objectMode: false })) : body;
    return this.answer(await this.inner.put(key, given, options));
  }

  async replace(key: string, body: Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    await this.before("replace", key);
    return this.inner.replace(key, body, options);
  }

  async get(key: string, options: { signal: AbortSignal }): Promise<Readable> {
    await this.before("get", key);
    return this.inner.get(key, options);
  }

  async head(key: string, options: { signal: AbortSignal }): Promise<ObjectInfo | null> {
    await this.before("head", key);
    return this.inner.head(key, options);
  }

  async *list(prefix: string, options: { signal: AbortSignal }): AsyncGenerator<ObjectInfo> {
    await this.before("list", prefix);
    yield* this.inner.list(prefix, options);
  }

  async delete(key: string, options: { signal: AbortSignal }): Promise<void> {
    await this.before("delete", key);
    return this.inner.delete(key, options);
  }

  abortUnfinishedUploads(olderThan: Date, options: { signal: AbortSignal; below?: string }): Promise<number> {
    return this.inner.abortUnfinishedUploads(olderThan, options);
  }

  async inspect(options: { signal: AbortSignal }): Promise<StoreFacts> {
    await this.before("inspect", "");
    return this.inner.inspect(options);
  }
}

export function storeFailure(message: string): EngineError {
  return new EngineError(message, {
    engine: "object-store",
    operation: "test",
    permanent: false,
    hint: "Does the store answer?",
  });
}
