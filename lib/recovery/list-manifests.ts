import type { Manifest } from "@/lib/backups";
import { isLogManifest, readManifest } from "@/lib/backups";
import { DamagedError } from "@/lib/kernel/errors";
import type { RecoveryCtx, RecoverySource } from "./recovery";

/**
 * Every backup of a system that a recovery can begin with, as the repository really holds them: with a manifest whose signature fits. Newest first.
 * A manifest that cannot be trusted is said and left out.
 * @throws DamagedError when none can be trusted
 */
export async function listManifests(ctx: RecoveryCtx, source: RecoverySource): Promise<Manifest[]> {
  const ids = await listIds(ctx, source);
  const manifests: Manifest[] = [];
  let refusal: DamagedError | undefined;
  for (const id of ids.reverse()) {
    try {
      const manifest = await readManifest(
        source.store,
        { system: source.system, id },
        { publicKeys: source.publicKeys, signal: ctx.signal },
      );
      // A logical incremental only names logs, and those are found in their own folder.
      if (!isLogManifest(manifest)) manifests.push(manifest);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      ctx.run.say(`${error.message}: it is left out. ${error.hint ?? ""}`, "warning");
      refusal ??= error;
    }
  }
  if (refusal && manifests.length === 0) throw refusal;
  return manifests;
}

async function listIds({ signal }: RecoveryCtx, { store, system }: RecoverySource): Promise<string[]> {
  const prefix = `systems/${system}/`;
  const ids: string[] = [];
  for await (const object of store.list(prefix, { signal })) {
    const rest = object.key.slice(prefix.length);
    // Ids begin with a digit or a-f, the log's folder with l: the backups come first in the order of keys.
    if (rest.startsWith("log/")) break;
    const id = /^([0-9a-f-]{36})\/manifest\.json$/.exec(rest)?.[1];
    if (id) ids.push(id);
  }
  return ids;
}
