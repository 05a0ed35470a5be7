import { type AnyManifest, type ManifestPart, readManifest } from "@/lib/backups";
import { DamagedError, NotFoundError } from "@/lib/kernel/errors";
import { repositoryKeys } from "@/lib/repositories";
import { type CopyPlace, type Judgement, digestObject } from "./copy-place";

type Piece = ManifestPart["pieces"][number];

export interface Look {
  /** Sizes that a listing told; what it did not tell, or told otherwise, is asked of the store again. */
  listed?: ReadonlyMap<string, number>;
  /** Whether an object's bytes are read. */
  isRead: (key: string) => boolean;
}

/**
 * Whether a repository holds a whole copy of a backup: its signed manifest, and each object that it names with its
 * size and, where it is read, its SHA-256. The closed logs of an incremental only have to be there: their bytes are
 * judged as the log's. @throws EngineError when the store cannot be asked: then nothing is known
 */
export async function judgeCopy(
  place: CopyPlace,
  backup: { system: string; id: string },
  look: Look,
): Promise<Judgement> {
  const read = await readCopy(place, backup);
  if ("error" in read) return read;
  const pieces = "logs" in read ? [] : read.parts.flatMap((part) => part.pieces);
  const logKeys = "logs" in read ? read.logs.map(({ key }) => key) : [];
  for (const key of logKeys) {
    if (await place.store.head(key, { signal: place.signal })) continue;
    return { state: "missing", error: `the closed log "${key}" is not there` };
  }
  let readBytes = 0;
  for (const piece of pieces) {
    const fault = await faultOf(place, piece, look);
    if (fault) return fault;
    if (!look.isRead(piece.key)) continue;
    const { sha256 } = await digestObject(place, place.store, piece.key);
    readBytes += piece.sizeBytes;
    if (sha256 !== piece.sha256) {
      return { state: "damaged", error: `object "${piece.key}" does not fit its digest` };
    }
  }
  const manifestKey = repositoryKeys.manifestKey(backup.system, backup.id);
  const keys = [manifestKey, ...logKeys, ...pieces.map(({ key }) => key)];
  const lockedUntil = place.isLocked ? await endOfLock(place, keys) : null;
  return { state: "present", lockedUntil, readBytes };
}

async function readCopy(
  { store, identity, signal }: CopyPlace,
  backup: { system: string; id: string },
): Promise<AnyManifest | Extract<Judgement, { error: string }>> {
  try {
    return await readManifest(store, backup, { publicKeys: identity.publicKeys, signal });
  } catch (error) {
    if (error instanceof NotFoundError) return { state: "missing", error: "its manifest is not there" };
    if (error instanceof DamagedError) return { state: "damaged", error: error.message };
    throw error;
  }
}

/** A listing may be older than the object: only the store's own word about the object counts. */
async function faultOf(
  { store, signal }: CopyPlace,
  piece: Piece,
  { listed }: Look,
): Promise<Extract<Judgement, { error: string }> | null> {
  if (listed?.get(piece.key) === piece.sizeBytes) return null;
  const found = await store.head(piece.key, { signal });
  if (!found) return { state: "missing", error: `object "${piece.key}" is not there` };
  if (found.sizeBytes === piece.sizeBytes) return null;
  const error = `object "${piece.key}" has ${found.sizeBytes} bytes in the place of ${piece.sizeBytes}`;
  return { state: "damaged", error };
}

/** Until when all of it is held; null when one of its objects is not. */
async function endOfLock({ store, signal }: CopyPlace, keys: string[]): Promise<Date | null> {
  let end: Date | null = null;
  for (const key of keys) {
    const until = (await store.head(key, { signal }))?.lockedUntil;
    if (!until) return null;
    if (end === null || until < end) end = until;
  }
  return end;
}
