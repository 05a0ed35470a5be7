import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FilesFacts } from "../port";
import { type Entry, formatEntry, formatRestorable, joinListings, quotePath, readListing } from "./listing";
import { NamedList } from "./named-list";

const BLOCK_CHARACTERS = 64 * 2 ** 10;

export type ListingFacts = Omit<FilesFacts, "remarks" | "tool">;

/**
 * The listing that goes with an archive, from what the tree was before tar read it and what it was afterwards. An entry
 * that is the same in both was read as it is; any other, or one that tar named, was changing and is marked.
 */
export async function settleListing(
  files: { before: string; after: string; into: string },
  options: { unsettled: ReadonlySet<string>; signal: AbortSignal },
): Promise<ListingFacts> {
  const counter = new ListingCounter();
  const lines = async function* (): AsyncGenerator<Buffer> {
    let block = "";
    for await (const { left, right } of joinListings(open(files.before), open(files.after))) {
      const entry = right ?? left;
      if (!entry) continue;
      const isSettled = isSame(left, right) && !options.unsettled.has(quotePath(entry.path));
      counter.add(entry, isSettled);
      if (entry.type === "s") continue;
      block += formatEntry(entry, isSettled);
      if (block.length < BLOCK_CHARACTERS) continue;
      yield Buffer.from(block, "latin1");
      block = "";
    }
    yield Buffer.from(block, "latin1");
  };
  await pipeline(Readable.from(lines(), { objectMode: false }), createWriteStream(files.into, { mode: 0o600 }), {
    signal: options.signal,
  });
  return counter.finish();
}

function open(file: string): AsyncIterator<Entry> {
  return readListing(createReadStream(file, { highWaterMark: 256 * 2 ** 10 }))[Symbol.asyncIterator]();
}

/** Reading changes no ctime; whatever else happens to a file does. */
function isSame(left: Entry | null, right: Entry | null): boolean {
  if (!left || !right) return false;
  return left.ctime === right.ctime && left.inode === right.inode && formatRestorable(left) === formatRestorable(right);
}

/** Counts and hashes a listing's entries. */
class ListingCounter {
  readonly #counts = { files: 0, directories: 0, symlinks: 0, others: 0, bytes: 0 };
  readonly #unsettled = new NamedList();
  readonly #leftOut = new NamedList();
  readonly #digest = new ListingDigest();

  add(entry: Entry, isSettled: boolean): void {
    if (entry.type === "s") return this.#leftOut.add(quotePath(entry.path));
    if (isSettled) this.#digest.add(entry);
    else this.#unsettled.add(quotePath(entry.path));
    if (entry.type === "f") this.#counts.bytes += Number(entry.size);
    this.#counts[KINDS[entry.type] ?? "others"] += 1;
  }

  finish(): ListingFacts {
    return {
      ...this.#counts,
      digest: this.#digest.finish(),
      unsettled: this.#unsettled.value(),
      leftOut: this.#leftOut.value(),
    };
  }
}

const KINDS: Partial<Record<string, "files" | "directories" | "symlinks">> = {
  f: "files",
  d: "directories",
  l: "symlinks",
};

/** SHA-256 over the settled entries, as anybody can take it again from a restored tree with find, sort and sha256sum. */
export class ListingDigest {
  readonly #hash = createHash("sha256");
  #block = "";

  add(entry: Entry): void {
    this.#block += formatRestorable(entry);
    if (this.#block.length >= BLOCK_CHARACTERS) this.#flush();
  }

  finish(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#block, "latin1");
    this.#block = "";
  }
}
