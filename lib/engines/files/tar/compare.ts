import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { FilesComparison, FilesDifference } from "../port";
import { listTree } from "./list-tree";
import { type Entry, joinListings, quotePath, readListing } from "./listing";
import { startingPoints } from "./select";
import { ListingDigest } from "./settle-listing";

const FIRST_MAX = 20;

/** Compares a restored tree with the listing that its backup was taken with. */
export async function compareTree(
  directory: string,
  listing: Readable,
  options: { include: readonly string[]; workDirectory: string; signal: AbortSignal },
): Promise<FilesComparison> {
  await mkdir(options.workDirectory, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(options.workDirectory, "files-"));
  try {
    const file = join(work, "restored");
    await listTree(
      { root: directory, names: startingPoints(options), excluded: [] },
      { file, workDirectory: work, signal: options.signal },
    );
    return await compareListings(listing, createReadStream(file));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function compareListings(wanted: Readable, restored: Readable): Promise<FilesComparison> {
  const ownersCompared = process.getuid?.() === 0;
  const digest = new ListingDigest();
  const first: FilesDifference[] = [];
  let [compared, unsettled, count] = [0, 0, 0];
  const add = (entry: Entry, kind: FilesDifference["kind"], facts: string[] = []) => {
    count += 1;
    if (first.length < FIRST_MAX) first.push({ path: quotePath(entry.path), kind, facts });
  };
  for await (const { left, right } of joinListings(readListing(wanted), readListing(restored))) {
    if (left?.isSettled) digest.add(left);
    if (left && !left.isSettled) unsettled += 1;
    else if (left && right) {
      compared += 1;
      const facts = differingFacts(left, right, ownersCompared);
      if (facts.length > 0) add(left, "changed", facts);
    } else if (left) add(left, "missing");
    else if (right) add(right, "extra");
  }
  return { compared, unsettled, digest: digest.finish(), differences: { count, first }, ownersCompared };
}

function differingFacts(left: Entry, right: Entry, ownersCompared: boolean): string[] {
  const owner = left.uid === right.uid && left.gid === right.gid;
  return [
    ...(left.type === right.type ? [] : ["type"]),
    ...(left.mode === right.mode ? [] : ["mode"]),
    ...(owner || !ownersCompared ? [] : ["owner"]),
    ...(left.size === right.size ? [] : ["size"]),
    ...(left.mtime === right.mtime ? [] : ["mtime"]),
    ...(left.target === right.target ? [] : ["target"]),
  ];
}
