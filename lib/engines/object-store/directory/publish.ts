import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import { toBrokenSource } from "@/lib/engines/shared/broken-source";
import { type Measure, Meter } from "@/lib/engines/shared/measured-stream";
import type { StoredObject } from "../port";
import { UNFINISHED } from "./config";
import { codeOf, differs } from "./map";
import { makeParents, syncDirectory } from "./tree";

/** A deletion may take an empty directory away between our making it and our linking into it. */
const LINK_ATTEMPTS_MAX = 5;

interface Body {
  key: string;
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  signal: AbortSignal;
}

/** Writes the body beside the objects and, once it is whole and on disk, gives it its name: never over another object. */
export async function publish(root: string, body: Body): Promise<StoredObject> {
  return withUnfinished(root, body, async (unfinished, stored) => {
    for (let attempt = 1; ; attempt += 1) {
      await makeParents(root, body.key);
      try {
        await link(unfinished, join(root, body.key));
        break;
      } catch (error) {
        if (codeOf(error) === "EEXIST") return keepPresent(root, { body, unfinished, stored });
        if (codeOf(error) !== "ENOENT" || attempt >= LINK_ATTEMPTS_MAX) throw error;
      }
    }
    await syncDirectory(dirname(join(root, body.key)));
    return stored;
  });
}

/** The same, over whatever is there. */
export async function publishOver(root: string, body: Body): Promise<StoredObject> {
  return withUnfinished(root, body, async (unfinished, stored) => {
    await makeParents(root, body.key);
    await rename(unfinished, join(root, body.key));
    await syncDirectory(dirname(join(root, body.key)));
    return stored;
  });
}

/** Hashes a body without keeping it; null as soon as it is longer than `bytesMax`. */
export async function measureBody(body: Body, bytesMax: number): Promise<Measure | null> {
  const meter = new Meter();
  for await (const chunk of guarded(body)) {
    meter.add(chunk);
    if (meter.sizeBytes > bytesMax) return null;
  }
  return meter.finish();
}

/** Hashes a file. */
export async function measureFile(path: string, signal: AbortSignal): Promise<Measure> {
  const meter = new Meter();
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for await (const chunk of handle.createReadStream({ highWaterMark: 2 ** 20, autoClose: false, signal })) {
      meter.add(chunk as Buffer);
    }
  } catch (error) {
    if (signal.aborted) throw new CancelledError("stopped while it compared what is stored already");
    throw error;
  } finally {
    await handle.close();
  }
  return meter.finish();
}

async function keepPresent(
  root: string,
  sent: { body: Body; unfinished: string; stored: StoredObject },
): Promise<StoredObject> {
  const { key, signal } = sent.body;
  const there = await measureFile(join(root, key), signal);
  const own = await measureFile(sent.unfinished, signal);
  if (there.sha256 !== own.sha256) throw differs(root, key);
  return sent.stored;
}

async function withUnfinished(
  root: string,
  body: Body,
  finish: (path: string, stored: StoredObject) => Promise<StoredObject>,
): Promise<StoredObject> {
  await mkdir(join(root, UNFINISHED), { mode: 0o700, recursive: true });
  const path = join(root, UNFINISHED, newToken());
  const handle = await open(path, "wx", 0o600);
  try {
    const stored = await write(handle, body);
    if (body.signal.aborted) throw new CancelledError(`stopped while it had to store "${body.key}"`);
    return await finish(path, stored);
  } finally {
    await handle.close();
    await removeUnfinished(path);
  }
}

async function write(handle: FileHandle, body: Body): Promise<StoredObject> {
  let sizeBytes = 0;
  for await (const chunk of guarded(body)) {
    sizeBytes += chunk.length;
    for (let done = 0; done < chunk.length;) {
      done += (await handle.write(chunk, done)).bytesWritten;
    }
  }
  await handle.sync();
  const { size } = await handle.stat();
  if (size === sizeBytes) return { sizeBytes };
  throw new EngineError(`"${body.key}": ${sizeBytes} bytes were written, the file has ${size}`, {
    engine: "directory",
    operation: "store",
    permanent: false,
    hint: "Look at the kernel's log for errors of the disk or of the network mount.",
  });
}

/** Tells a failure of what produces the bytes from one of the disk. */
async function* guarded({ key, bytes, signal }: Body): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
    if (signal.aborted) throw new CancelledError(`stopped while it had to store "${key}"`);
  } catch (error) {
    throw toBrokenSource(error, { engine: "directory", key, signal });
  }
}

/** After a rename it is gone already. */
async function removeUnfinished(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
