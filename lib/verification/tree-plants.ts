import { buffer } from "node:stream/consumers";
import { type FilesManifest, type ManifestPart, formatManifest } from "@/lib/backups";
import type { FilesFacts, FilesSource } from "@/lib/engines/files/port";
import { signBytes } from "@/lib/kernel/crypto";
import { newId } from "@/lib/kernel/ids";
import { type TreeRecovery, checkTree, dropTree, findTree, parsePoint, readTreeBack, unpackTree } from "@/lib/recovery";
import { repositoryKeys } from "@/lib/repositories";
import type { StepCtx } from "@/lib/runs";
import { sealPart } from "./planted-backup";
import { type TriedLevel, flipOneBit } from "./plants";
import type { Bench } from "./try-plant";

/** The system that the planted trees are of. */
const SYSTEM = "practice-files";

/** A backup of files with one thing wrong; whatever is not told is as in a good one. */
interface TreeRecipe {
  /** Of the tree with one file less. */
  isArchiveShort?: boolean;
  isListingShort?: boolean;
  spoil?: (sealed: Buffer) => Buffer;
  /** The id in its manifest is another one than its place. */
  isRenamed?: boolean;
}

export interface TreePlant {
  id: string;
  title: string;
  /** null: a good backup, which every level must let pass. */
  seenBy: readonly TriedLevel[] | null;
  recipe: TreeRecipe;
}

const BOTH = ["object", "restore"] as const;

/** Their digests fit wherever that is possible: what one file less is, only a comparison with the listing can tell. */
export const TREE_PLANTS: readonly TreePlant[] = [
  {
    id: "tree-truncated",
    title: "files, truncated object",
    seenBy: BOTH,
    recipe: { spoil: (sealed) => sealed.subarray(0, Math.floor(sealed.length / 2)) },
  },
  { id: "tree-flipped-bit", title: "files, one flipped bit", seenBy: BOTH, recipe: { spoil: flipOneBit } },
  { id: "tree-file-missing", title: "files, one short", seenBy: ["restore"], recipe: { isArchiveShort: true } },
  {
    id: "tree-other-listing",
    title: "files, listing of another tree",
    seenBy: ["restore"],
    recipe: { isListingShort: true },
  },
  { id: "tree-copied", title: "files, stale copy under a new name", seenBy: ["object"], recipe: { isRenamed: true } },
  { id: "tree-good", title: "files, a good backup", seenBy: null, recipe: {} },
];

interface Packed {
  archive: Buffer;
  listing: Buffer;
  facts: FilesFacts;
}

/** The practice trees, packed once for all plants. */
export async function packTrees(ctx: StepCtx, { practice }: Bench): Promise<{ whole: Packed; short: Packed }> {
  return { whole: await pack(ctx, practice.trees.whole), short: await pack(ctx, practice.trees.short) };
}

async function pack(ctx: StepCtx, source: FilesSource): Promise<Packed> {
  const archive = ctx.engines.files.archive(source, { signal: ctx.signal });
  try {
    const [bytes, facts] = await Promise.all([buffer(archive.output), archive.done]);
    return { archive: bytes, facts, listing: await buffer(archive.listing()) };
  } finally {
    await archive.close();
  }
}

/** Writes one into the practice repository, signed. @returns its id */
export async function plantTree(
  ctx: StepCtx,
  { bench, privatePem, trees }: { bench: Bench; privatePem: string; trees: { whole: Packed; short: Packed } },
  recipe: TreeRecipe,
): Promise<string> {
  const { practice } = bench;
  const { signal } = ctx;
  const id = newId();
  const seal = (name: ManifestPart["name"], plain: Buffer) =>
    sealPart(ctx, { practice, system: SYSTEM, id, name, plain, sealedFor: practice.recipient });
  const files = await seal("files", (recipe.isArchiveShort ? trees.short : trees.whole).archive);
  const listing = await seal("listing", (recipe.isListingShort ? trees.short : trees.whole).listing);
  await practice.store.put(files.key, recipe.spoil?.(files.sealed) ?? files.sealed, { signal });
  await practice.store.put(listing.key, listing.sealed, { signal });
  const { facts } = trees.whole;
  const at = ctx.now().toISOString();
  const manifest: FilesManifest = {
    format: 1,
    id: recipe.isRenamed ? newId() : id,
    cut: null,
    system: SYSTEM,
    kind: "files",
    type: "full",
    method: "tar",
    parent: null,
    startedAt: at,
    endedAt: at,
    source: { root: practice.trees.whole.root, include: [], exclude: [] },
    counts: {
      files: facts.files,
      directories: facts.directories,
      symlinks: facts.symlinks,
      others: facts.others,
      bytes: facts.bytes,
    },
    digest: facts.digest,
    unsettled: facts.unsettled,
    leftOut: facts.leftOut,
    remarks: facts.remarks,
    secretsFingerprint: null,
    tools: { tar: facts.tool, compression: "zstd", encryption: "age" },
    parts: [files.part, listing.part],
  };
  const key = repositoryKeys.manifestKey(SYSTEM, id);
  const bytes = formatManifest(manifest);
  await practice.store.put(key, bytes, { signal });
  await practice.store.put(repositoryKeys.signatureKey(key), signBytes(privatePem, bytes), { signal });
  return id;
}

/** Tries one at one level, by the very checks of that level. @throws DamagedError where it is seen */
export async function tryTree(
  ctx: StepCtx,
  { practice, publicPem, directory }: Bench,
  { id, level }: { id: string; level: TriedLevel },
): Promise<void> {
  const recovery: TreeRecovery = {
    source: { system: SYSTEM, repository: SYSTEM, store: practice.store, publicKeys: [publicPem] },
    point: parsePoint("latest"),
    identityFile: practice.identityFile,
    directory: `${directory}.tree`,
    backupId: id,
    key: "plant",
  };
  await findTree(ctx, recovery);
  if (level === "object") {
    await readTreeBack(ctx, recovery, {});
    return;
  }
  try {
    await unpackTree(ctx, recovery);
    await checkTree(ctx, recovery);
  } finally {
    await dropTree(ctx, recovery);
  }
}
