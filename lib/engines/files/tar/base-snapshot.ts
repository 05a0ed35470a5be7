import { createReadStream, createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FilesBase } from "../port";
import { failed } from "./fail";
import { type Entry, joinListings, readListing } from "./listing";

const OPERATION = "read the snapshot of the backup before";
/** Before a record's names: NFS flag, seconds and nanoseconds of mtime, device, inode, path. */
const [INODE, PATH, NAMES] = [4, 5, 6];
const NANOSECONDS = 1_000_000_000n;

/**
 * Writes the snapshot that tar begins an increment from: the one of the backup before, made safe.
 * - A directory that is no longer the same one under the same name is taken out, so that tar packs it whole. Otherwise
 *   tar writes renames down, and its own extraction fails on many of them, or mixes two directories up without a word.
 * - Its time is moved back to the oldest change that the two listings show. tar asks the clock alone whether a file has
 *   changed; a clock that was set back, a server's clock that lags, or a coarse one would hide a change from it.
 */
export async function writeBaseSnapshot(
  base: FilesBase,
  options: { current: string; into: string; signal: AbortSignal },
): Promise<void> {
  const { inodes, oldestChange } = await compareWithBase(base.listing, options.current);
  await pipeline(
    base.snapshot,
    (source: AsyncIterable<Buffer>) => rewrite(source, { inodes, oldestChange }),
    createWriteStream(options.into, { mode: 0o600 }),
    { signal: options.signal },
  );
}

interface Comparison {
  /** Of every directory that is there now. */
  inodes: Map<string, string>;
  /** The ctime of the entry that changed first since the backup before, in nanoseconds. */
  oldestChange: bigint | null;
}

async function compareWithBase(before: Readable, current: string): Promise<Comparison> {
  const inodes = new Map<string, string>();
  let oldestChange: bigint | null = null;
  const now = readListing(createReadStream(current));
  for await (const { left, right } of joinListings(readListing(before), now)) {
    if (right?.type === "d") inodes.set(right.path, right.inode);
    // What has a new name tar packs anyway.
    if (!left || !right || right.type === "d" || !isChanged(left, right)) continue;
    const at = toNanoseconds(right.ctime);
    if (oldestChange === null || at < oldestChange) oldestChange = at;
  }
  return { inodes, oldestChange };
}

function isChanged(left: Entry, right: Entry): boolean {
  return (
    !left.isSettled ||
    left.ctime !== right.ctime ||
    left.mtime !== right.mtime ||
    left.size !== right.size ||
    left.type !== right.type
  );
}

function toNanoseconds(seconds: string): bigint {
  const [whole = "0", fraction = ""] = seconds.split(".");
  return BigInt(whole) * NANOSECONDS + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

async function* rewrite(source: AsyncIterable<Buffer>, { inodes, oldestChange }: Comparison): AsyncGenerator<Buffer> {
  const fields = splitFields(source);
  const [head, nanoseconds] = [await nextField(fields), await nextField(fields)];
  const { version, seconds } = parseHead(head);
  const taken = BigInt(seconds) * NANOSECONDS + BigInt(nanoseconds ?? "0");
  const from = oldestChange !== null && oldestChange < taken ? oldestChange : taken;
  yield Buffer.from(`${version}\n${from / NANOSECONDS}\0${from % NANOSECONDS}\0`, "latin1");
  for (;;) {
    const record = await readRecord(fields);
    if (!record) return;
    if (inodes.get(record[PATH] ?? "") === record[INODE]) yield Buffer.from(`${record.join("\0")}\0`, "latin1");
  }
}

function parseHead(head: string | null): { version: string; seconds: string } {
  const match = /^(GNU tar-[\d.]+-2)\n(\d+)$/.exec(head ?? "");
  if (match?.[1] && match[2]) return { version: match[1], seconds: match[2] };
  throw failed(OPERATION, "the snapshot of the backup before is none that GNU tar 1.29 or later wrote", {
    permanent: true,
    hint: "Take a full backup: the next increments follow it.",
  });
}

/** A directory's record with its names, an empty field after them and one after the record. Null at the end. */
async function readRecord(fields: AsyncIterator<string>): Promise<string[] | null> {
  const first = await nextField(fields);
  if (first === null) return null;
  const record = [first];
  for (;;) {
    const field = await nextField(fields);
    if (field === null) throw cutOff();
    record.push(field);
    if (record.length > NAMES && field === "") break;
  }
  if ((await nextField(fields)) !== "") throw cutOff();
  return [...record, ""];
}

function cutOff() {
  return failed(OPERATION, "the snapshot of the backup before is cut off or damaged", {
    permanent: true,
    hint: "Take a full backup: the next increments follow it.",
  });
}

async function nextField(fields: AsyncIterator<string>): Promise<string | null> {
  const { done, value } = await fields.next();
  return done ? null : value;
}

async function* splitFields(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of source) {
    const fields = (rest + chunk.toString("latin1")).split("\0");
    rest = fields.pop() ?? "";
    yield* fields;
  }
  if (rest !== "") throw cutOff();
}
