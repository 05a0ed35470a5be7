import type { Readable } from "node:stream";

/*
 * A listing: a record for each entry, sorted by their bytes, each ended by a NUL:
 *   PATH//F CTIME INODE TYPE MODE UID GID SIZE MTIME TARGET
 * `//` stands in no path, so the records are in the order of the paths whatever follows. F is `=` for a settled entry,
 * `~` for one that was changing while it was read. Bytes are kept one to one in latin1 strings: names need not be text.
 */

export interface Entry {
  /** The path with `//`: the order of the listing. */
  key: string;
  path: string;
  isSettled: boolean;
  /** Seconds since 1970 with their fraction. */
  ctime: string;
  inode: string;
  /** As find says it: `f`, `d`, `l`, `p`, `s`, `b`, `c`. */
  type: string;
  mode: string;
  uid: string;
  gid: string;
  size: string;
  mtime: string;
  target: string;
}

const FACTS = 9;

export function parseEntry(record: string): Entry {
  const at = record.indexOf("//");
  const fields: string[] = [];
  let from = at + 2;
  for (let index = 0; index < FACTS; index += 1) {
    const space = record.indexOf(" ", from);
    fields.push(record.slice(from, space));
    from = space + 1;
  }
  const [flag, ctime, inode, type, mode, uid, gid, size, mtime] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const [path, key] = [record.slice(0, at), record.slice(0, at + 2)];
  const target = record.slice(from);
  return { key, path, isSettled: flag === "=", ctime, inode, type, mode, uid, gid, size, mtime, target };
}

export function formatEntry(entry: Entry, isSettled: boolean): string {
  return `${entry.key}${isSettled ? "=" : "~"} ${entry.ctime} ${entry.inode} ${restorable(entry)}\0`;
}

/** What must come back: the digest is over these. */
export function formatRestorable(entry: Entry): string {
  return `${entry.key}${restorable(entry)}\0`;
}

function restorable({ type, mode, uid, gid, size, mtime, target }: Entry): string {
  return `${type} ${mode} ${uid} ${gid} ${size} ${mtime} ${target}`;
}

export async function* readListing(bytes: Readable): AsyncGenerator<Entry> {
  let rest = "";
  for await (const chunk of bytes) {
    const records = (rest + (chunk as Buffer).toString("latin1")).split("\0");
    rest = records.pop() ?? "";
    for (const record of records) yield parseEntry(record);
  }
}

/** Two listings side by side: each path once, with what either says of it. */
export async function* joinListings(
  left: AsyncIterator<Entry>,
  right: AsyncIterator<Entry>,
): AsyncGenerator<{ left: Entry | null; right: Entry | null }> {
  let [a, b] = [await next(left), await next(right)];
  while (a || b) {
    if (b === null || (a !== null && a.key < b.key)) {
      yield { left: a, right: null };
      a = await next(left);
    } else if (a === null || b.key < a.key) {
      yield { left: null, right: b };
      b = await next(right);
    } else {
      yield { left: a, right: b };
      [a, b] = [await next(left), await next(right)];
    }
  }
}

async function next(entries: AsyncIterator<Entry>): Promise<Entry | null> {
  const { done, value } = await entries.next();
  return done ? null : value;
}

/** Paths as tar prints them: for people, and to be found among its remarks. */
export function quotePath(path: string): string {
  return path.replace(/[\\"\x00-\x1f\x7f-\xff]/g, (char) => ESCAPES[char] ?? `\\${octal(char)}`);
}

const ESCAPES: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

function octal(char: string): string {
  return char.charCodeAt(0).toString(8).padStart(3, "0");
}
