import { type AnyManifest, readManifest } from "@/lib/backups";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { sha256 } from "@/lib/kernel/crypto";
import { readIdentity } from "@/lib/repositories";
import { SYSTEM } from "./configuration";

const NEVER = new AbortController().signal;

/** Keys of everything in a store below a prefix. */
export async function keysOf(store: ObjectStore, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of store.list(prefix, { signal: NEVER })) keys.push(object.key);
  return keys;
}

/** The whole of an object. */
export async function readObjectBytes(store: ObjectStore, key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.get(key, { signal: NEVER })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Ids of the backups that look whole in a store: those with a manifest. Each is read as a restore would, byte for byte.
 * @throws when one only looks whole: its signature does not fit, or a piece is missing or another
 */
export async function readWholeBackups(store: ObjectStore): Promise<string[]> {
  const identity = await readIdentity(store, NEVER);
  const ids = (await keysOf(store, `systems/${SYSTEM}/`)).flatMap((key) => {
    const id = /\/([0-9a-f-]{36})\/manifest\.json$/.exec(key)?.[1];
    return id ? [id] : [];
  });
  for (const id of ids) {
    const options = { publicKeys: identity?.publicKeys ?? [], signal: NEVER };
    await assertPieces(store, await readManifest(store, { system: SYSTEM, id }, options));
  }
  return ids;
}

async function assertPieces(store: ObjectStore, manifest: AnyManifest): Promise<void> {
  if (manifest.type !== "full") throw new Error(`"${manifest.id}" is not a full backup`);
  for (const piece of manifest.parts.flatMap((part) => part.pieces)) {
    if (sha256(await readObjectBytes(store, piece.key)) !== piece.sha256)
      throw new Error(`"${piece.key}" is not what its manifest says`);
  }
}
