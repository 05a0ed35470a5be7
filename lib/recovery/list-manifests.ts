import type { AnyManifest } from "@/lib/backups";
import { readManifest } from "@/lib/backups";
import { DamagedError } from "@/lib/kernel/errors";
import type { RecoveryCtx, RecoverySource } from "./recovery";

/**
 * Every wanted backup of a system that the repository really holds: with a manifest whose signature fits. Newest first.
 * A manifest that cannot be trusted is said and left out.
 * @throws DamagedError when none can be trusted
 */
export async function listManifests<Wanted extends AnyManifest>(
  ctx: RecoveryCtx,
  source: RecoverySource,
  isWanted: (manifest: AnyManifest) => manifest is Wanted,
): Promise<Wanted[]> {
  const ids = await listIds(ctx, source);
  const manifests: Wanted[] = [];
  let refusal: DamagedError | undefined;
  for (const id of ids.reverse()) {
    try {
      const manifest = await readManifest(
        source.store,
        { system: source.system, id },
        { publicKeys: source.publicKeys, signal: ctx.signal },
      );
      if (isWanted(manifest)) manifests.push(manifest);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      ctx.run.say(`${error.message}: it is left out. ${error.hint ?? ""}`, "warning");
      refusal ??= error;
    }
  }
  if (refusal && manifests.length === 0) throw refusal;
  return manifests;
}

/** Ids of everything that has a manifest, oldest first. */
async function listIds(ctx: RecoveryCtx, source: RecoverySource): Promise<string[]> {
  const prefix = `systems/${source.system}/`;
  const ids: string[] = [];
  for await (const object of source.store.list(prefix, { signal: ctx.signal })) {
    const rest = object.key.slice(prefix.length);
    // Ids begin with a digit or a-f, the log's folder with l: the backups come first in the order of keys.
    if (rest.startsWith("log/")) break;
    const id = /^([0-9a-f-]{36})\/manifest\.json$/.exec(rest)?.[1];
    if (id) ids.push(id);
  }
  return ids;
}
