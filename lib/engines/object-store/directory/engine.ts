import { constants } from "node:fs";
import { type FileHandle, access, open, readdir, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { bytesOf } from "@/lib/engines/shared/parts";
import { STREAM_BUFFER_BYTES, holdError, streamOf } from "@/lib/engines/shared/measured-stream";
import { assertObjectKey } from "@/lib/engines/shared/object-key";
import type { ObjectInfo, ObjectStore, StoreFacts, StoredObject } from "../port";
import { type DirectoryConfig, UNFINISHED } from "./config";
import { codeOf, differs, toEngineError } from "./map";
import { measureBody, measureFile, publish, publishOver } from "./publish";
import { assertRoot, findPath, lstatIfThere, removeEmptyParents, syncDirectory, walk } from "./tree";

/** Opens a directory of this machine, such as a mounted backup volume. Asks nothing of it before the first call. */
export function openDirectoryStore(config: DirectoryConfig): ObjectStore {
  return new DirectoryStore(resolve(config.path));
}

class DirectoryStore implements ObjectStore {
  readonly location: string;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.location = `directory ${root}`;
  }

  async put(key: string, body: Readable | Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    const { signal } = options;
    const stream = body instanceof Readable ? body : undefined;
    if (stream) holdError(stream);
    const stop = () => stream?.destroy(new CancelledError(`stopped while it had to store "${key}"`));
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await this.#ask({ operation: "store", key, signal }, async () => {
        const bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = stream ? bytesOf(stream) : [body as Uint8Array];
        const present = await this.#find(key);
        if (!present) return publish(this.#root, { key, bytes, signal });
        const sent = await measureBody({ key, bytes, signal }, present.sizeBytes);
        const there = sent && (await measureFile(join(this.#root, key), signal));
        if (!sent || sent.sha256 !== there?.sha256) throw differs(this.#root, key);
        return { sizeBytes: sent.sizeBytes };
      });
    } finally {
      signal.removeEventListener("abort", stop);
      stream?.destroy();
    }
  }

  async replace(key: string, body: Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    const { signal } = options;
    return this.#ask({ operation: "replace", key, signal }, async () => {
      await findPath(this.#root, key);
      return publishOver(this.#root, { key, bytes: [body], signal });
    });
  }

  async get(key: string, options: { signal: AbortSignal }): Promise<Readable> {
    const { signal } = options;
    return this.#ask({ operation: "read", key, signal }, async () => {
      const path = await findPath(this.#root, key);
      if (!path) throw Object.assign(new Error("no such object"), { code: "ENOENT" });
      const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      const { size } = await handle.stat();
      const bytes = this.#read(handle, { key, sizeBytes: size, signal });
      return streamOf(bytes, () => void handle.close().catch(() => undefined)); // nothing was written to it
    });
  }

  async head(key: string, options: { signal: AbortSignal }): Promise<ObjectInfo | null> {
    return this.#ask({ operation: "look for", key, signal: options.signal }, () => this.#find(key));
  }

  async *list(prefix: string, options: { signal: AbortSignal }): AsyncGenerator<ObjectInfo> {
    const attempt = { operation: "list", root: this.#root };
    try {
      await assertRoot(this.#root);
      for await (const object of walk(this.#root, prefix)) {
        if (options.signal.aborted) throw new CancelledError("stopped while it listed objects");
        yield object;
      }
    } catch (error) {
      throw toEngineError(error, attempt);
    }
  }

  async delete(key: string, options: { signal: AbortSignal }): Promise<void> {
    await this.#ask({ operation: "delete", key, signal: options.signal }, async () => {
      const path = await findPath(this.#root, key);
      if (!path || !(await lstatIfThere(path))) return;
      try {
        await unlink(path);
        await syncDirectory(dirname(path));
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw error; // another deletion was faster
      }
      await removeEmptyParents(this.#root, key);
    });
  }

  async abortUnfinishedUploads(olderThan: Date, options: { signal: AbortSignal }): Promise<number> {
    return this.#ask({ operation: "clean up", signal: options.signal }, async () => {
      const directory = join(this.#root, UNFINISHED);
      if (!(await lstatIfThere(directory))) return 0;
      let count = 0;
      for (const name of await readdir(directory)) {
        const found = await lstatIfThere(join(directory, name));
        if (!found || found.mtime >= olderThan) continue;
        await unlink(join(directory, name));
        count += 1;
      }
      return count;
    });
  }

  async inspect(options: { signal: AbortSignal }): Promise<StoreFacts> {
    return this.#ask({ operation: "open", signal: options.signal }, async () => {
      await access(this.#root, constants.R_OK | constants.W_OK | constants.X_OK);
      return { location: this.location, versioning: "off", objectLock: "off" };
    });
  }

  async #find(key: string): Promise<ObjectInfo | null> {
    const path = await findPath(this.#root, key);
    const found = path === null ? null : await lstatIfThere(path);
    return found?.isFile() ? { key, sizeBytes: found.size, modifiedAt: found.mtime } : null;
  }

  async *#read(
    handle: FileHandle,
    about: { key: string; sizeBytes: number; signal: AbortSignal },
  ): AsyncGenerator<Buffer> {
    const { key, sizeBytes, signal } = about;
    let offset = 0;
    try {
      while (offset < sizeBytes) {
        if (signal.aborted) throw new CancelledError(`stopped while it read "${key}"`);
        const buffer = Buffer.allocUnsafe(Math.min(STREAM_BUFFER_BYTES, sizeBytes - offset));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        if (bytesRead === 0) throw this.#brokeOff(key, offset, sizeBytes);
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw toEngineError(error, { operation: "read", key, root: this.#root });
    }
  }

  #brokeOff(key: string, offset: number, sizeBytes: number): EngineError {
    return new EngineError(`"${key}" in ${this.#root} broke off after ${offset} of ${sizeBytes} bytes`, {
      engine: "directory",
      operation: "read",
      permanent: false,
      hint: "Does another program change files in this directory?",
    });
  }

  /** What every call begins and ends with. */
  async #ask<T>(attempt: { operation: string; key?: string; signal: AbortSignal }, act: () => Promise<T>): Promise<T> {
    const { operation, key, signal } = attempt;
    if (key !== undefined) this.#assertKey(key);
    if (signal.aborted) throw new CancelledError(`stopped before it could ${operation} an object`);
    try {
      await assertRoot(this.#root);
      return await act();
    } catch (error) {
      throw toEngineError(error, { operation, root: this.#root, ...(key === undefined ? {} : { key }) });
    }
  }

  #assertKey(key: string): void {
    assertObjectKey(key, "directory");
    if (key.split("/")[0] !== UNFINISHED) return;
    throw new EngineError(`the key "${key}" is reserved`, {
      engine: "directory",
      operation: "name an object",
      permanent: true,
      hint: `Nothing may be stored below ${UNFINISHED}.`,
    });
  }
}
