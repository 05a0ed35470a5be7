import { type FileHandle, chown, lstat, mkdir, open, rename, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { HoldfastError } from "@/lib/kernel/errors";
import type { FileLogRestore, FollowedLog, LogState } from "../../port";
import { failed } from "../fail";
import { readChunks } from "./chunk-archive";
import { isSameLog, openLog } from "./log-file";
import { fullPath } from "./walk-files";

/** Where logs lie while they grow: in the restored tree itself, so that a rename moves them. */
const WORK = ".holdfast-logs";
const OPERATION = "put the logs together";

/** One log that comes back. */
interface Work {
  log: FollowedLog;
  /** Where it grows. */
  file: string;
  /** Whether anything lies there. */
  isThere: boolean;
  /** So many of its bytes are sure. */
  length: number;
  hasGrown: boolean;
}

/**
 * Takes what the tree holds of each log out of its place, by the first and last bytes that were shipped of it: a log
 * may have had another name when the tree was packed.
 * @throws EngineError
 */
export async function beginLogRestore(
  directory: string,
  options: { logs: readonly FollowedLog[]; known: readonly LogState[]; signal: AbortSignal },
): Promise<FileLogRestore> {
  const works = await inOurWords(takeOut(directory, options));
  return {
    add: (archive) => inOurWords(addArchive(works, archive, options.signal)),
    settle: () => inOurWords(settleLogs(directory, [...works.values()])),
  };
}

/** What the file system refuses, as this engine says it. */
async function inOurWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (cause instanceof HoldfastError || typeof code !== "string") throw cause;
    throw failed(OPERATION, `the file system refused a log (${code})`, {
      permanent: false,
      hint: "Is there space left where it is restored to, and may this user write there?",
      cause,
    });
  }
}

async function takeOut(
  directory: string,
  { logs, known, signal }: { logs: readonly FollowedLog[]; known: readonly LogState[]; signal: AbortSignal },
): Promise<Map<string, Work>> {
  await mkdir(join(directory, WORK), { mode: 0o700 });
  const paths = [...new Set([...logs, ...known].map(({ path }) => path))];
  const works = new Map<string, Work>();
  for (const [index, log] of logs.entries()) {
    signal.throwIfAborted();
    const states = [log, ...known.filter(({ id }) => id === log.id)].sort((a, b) => b.offset - a.offset);
    const own = states.map(({ path }) => path);
    const found = await findInTree(directory, states, [...new Set([...own, ...paths])]);
    const file = join(directory, WORK, String(index));
    if (found) await rename(fullPath(directory, found.path), file);
    works.set(log.id, { log, file, isThere: found !== null, length: found?.offset ?? 0, hasGrown: false });
  }
  return works;
}

async function findInTree(
  root: string,
  states: readonly LogState[],
  paths: readonly string[],
): Promise<{ path: string; offset: number } | null> {
  for (const path of paths) {
    const handle = await openLog({ root, include: [], exclude: [] }, path);
    if (!handle) continue;
    try {
      const state = await largestState(handle, states);
      if (state) return { path, offset: state.offset };
    } finally {
      await handle.close();
    }
  }
  return null;
}

/** A file of no bytes is no sign of any log. */
async function largestState(handle: FileHandle, states: readonly LogState[]): Promise<LogState | null> {
  for (const state of states) {
    if (state.offset > 0 && (await isSameLog(handle, state))) return state;
  }
  return null;
}

async function addArchive(works: ReadonlyMap<string, Work>, archive: Readable, signal: AbortSignal): Promise<void> {
  for await (const { log, start, end, bytes } of readChunks(archive)) {
    signal.throwIfAborted();
    const work = works.get(log);
    // Of one that was gone by then, or bytes that the tree has already.
    if (!work || end <= work.length) continue;
    if (start > work.length) throw lacking(work, start);
    await grow(work, bytes.subarray(work.length - start));
  }
}

async function grow(work: Work, bytes: Buffer): Promise<void> {
  if (!work.isThere) await writeFile(work.file, "", { mode: 0o640 });
  work.isThere = true;
  const handle = await open(work.file, "r+");
  try {
    // What tar read behind the sure bytes may be torn: the log's own bytes come in its place.
    if (!work.hasGrown) await handle.truncate(work.length);
    await writeAll(handle, bytes, work.length);
  } finally {
    await handle.close();
  }
  work.hasGrown = true;
  work.length += bytes.length;
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

async function settleLogs(directory: string, works: readonly Work[]): Promise<{ logs: number; bytes: number }> {
  for (const work of works) await proveWhole(work);
  for (const work of works) {
    const target = await makeParents(directory, work.log.path);
    if (work.isThere) await rename(work.file, target);
    // It held nothing: what the tree has under its name was another log, which rotation had moved or cut.
    else await writeFile(target, "", { mode: 0o640 });
  }
  await rmdir(join(directory, WORK));
  return { logs: works.length, bytes: works.reduce((sum, { length }) => sum + length, 0) };
}

/** First and last bytes as they were when the last of them was shipped. */
async function proveWhole(work: Work): Promise<void> {
  if (work.length < work.log.offset) throw lacking(work, work.log.offset);
  if (!work.isThere) return;
  const handle = await open(work.file, "r");
  try {
    if (await isSameLog(handle, work.log)) return;
  } finally {
    await handle.close();
  }
  throw failed(OPERATION, `log "${work.log.path}" came back otherwise than it was shipped`, {
    permanent: true,
    hint: "Restore from the other repository, or to a time before it.",
    kind: "damage",
  });
}

/** Directories may have come since the tree was packed; a link in their place would lead out of it. */
async function makeParents(directory: string, path: string): Promise<Buffer> {
  const parts = path.split("/");
  if (parts[0] !== "." || parts.includes("..") || path.includes("\0")) throw outside(path);
  let owner = await stat(directory);
  for (let depth = 2; depth < parts.length; depth += 1) {
    const parent = fullPath(directory, parts.slice(0, depth).join("/"));
    const found = await lstatIfThere(parent);
    if (found && !found.isDirectory()) throw outside(path);
    if (!found) {
      await mkdir(parent, { mode: 0o750 });
      if (process.getuid?.() === 0) await chown(parent, owner.uid, owner.gid);
    }
    owner = await lstat(parent);
  }
  const target = fullPath(directory, path);
  const before = await lstatIfThere(target);
  if (before?.isDirectory()) throw outside(path);
  return target;
}

function outside(path: string) {
  return failed(OPERATION, `the tree has no place for the log "${path}"`, {
    permanent: true,
    hint: "Restore to a time before this log began.",
    kind: "damage",
  });
}

function lacking({ log, length }: Work, needed: number) {
  return failed(OPERATION, `of log "${log.path}" the bytes from ${length} to ${needed} are not there`, {
    permanent: true,
    hint: "Restore from the other repository, or to a time before it.",
    kind: "damage",
  });
}

async function lstatIfThere(path: Buffer) {
  try {
    return await lstat(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}
