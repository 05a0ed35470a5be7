import { z } from "zod";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { NotFoundError, DamagedError } from "@/lib/kernel/errors";
import { findObject, repositoryKeys } from "@/lib/repositories";
import { AnyManifest } from "./manifest";

/**
 * A backup's manifest, with its signature checked against the repository's public keys.
 * @throws NotFoundError without a manifest, DamagedError when it is unsigned, changed, or of another format
 */
export async function readManifest(
  store: ObjectStore,
  backup: { system: string; id: string },
  options: { publicKeys: readonly string[]; signal: AbortSignal },
): Promise<AnyManifest> {
  const key = repositoryKeys.manifestKey(backup.system, backup.id);
  const bytes = await findObject(store, key, options.signal);
  if (!bytes) throw new NotFoundError("backup", backup.id);
  const signature = await findObject(store, repositoryKeys.signatureKey(key), options.signal);
  if (!signature) {
    throw new DamagedError(`the manifest of backup "${backup.id}" is not signed`, {
      hint: `Who wrote ${key} in ${store.location}? A backup counts only with its signature.`,
    });
  }
  if (!options.publicKeys.some((publicPem) => isSignatureValid(publicPem, bytes, signature))) {
    throw new DamagedError(`the manifest of backup "${backup.id}" does not fit its signature`, {
      hint: `Was ${key} changed in ${store.location}? Restore from the other repository.`,
    });
  }
  const manifest = parseManifest(bytes, backup.id);
  if (manifest.id === backup.id && manifest.system === backup.system) return manifest;
  throw new DamagedError(`the manifest of backup "${backup.id}" is the one of backup "${manifest.id}"`, {
    hint: `Who copied it to ${key} in ${store.location}? A signature proves who wrote it, not that it lies in its place.`,
  });
}

function parseManifest(bytes: Buffer, id: string): AnyManifest {
  try {
    return AnyManifest.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    const what = cause instanceof z.ZodError ? cause.issues.map((issue) => issue.path.join(".")).join(", ") : "JSON";
    throw new DamagedError(`the manifest of backup "${id}" is of a format that this version does not read: ${what}`, {
      hint: "Was it written by a newer Holdfast? Use that version to restore it.",
      cause,
    });
  }
}
