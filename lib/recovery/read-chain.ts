import { type Manifest, type PhysicalManifest, readManifest } from "@/lib/backups";
import { DamagedError } from "@/lib/kernel/errors";
import type { RecoveryCtx, RecoverySource } from "./recovery";

/**
 * A backup of files and those that it continues, the full first, as the repository holds them; of any other backup
 * itself alone. @throws NotFoundError, DamagedError where one is missing, not to be trusted, or does not follow the one before
 */
export async function readChain(
  { signal }: Pick<RecoveryCtx, "signal">,
  { store, system, publicKeys }: RecoverySource,
  tip: Manifest,
): Promise<Manifest[]> {
  const chain: Manifest[] = [tip];
  for (let next = tip; next.method === "physical" && next.parent !== null;) {
    const parent = await readManifest(store, { system, id: next.parent }, { publicKeys, signal });
    if (parent.method !== "physical" || !follows(next, parent)) {
      throw new DamagedError(
        `backup "${next.id}" does not follow backup "${parent.id}", which it is said to continue`,
        {
          hint: "Restore from another repository, or from the full alone; take a new full backup.",
        },
      );
    }
    chain.unshift(parent);
    next = parent;
  }
  return chain;
}

/** By the numbers of the server's own redo log, and of the same files. */
function follows(next: PhysicalManifest, parent: PhysicalManifest): boolean {
  return next.files.lsn.from === parent.files.lsn.to && next.files.lineage === parent.files.lineage;
}
