import { EngineError } from "@/lib/kernel/errors";
import type { StepCtx } from "@/lib/runs";
import { completeBackup } from "./end-backup";
import type { AnyManifest } from "./manifest";
import type { BackupTargets } from "./open-repositories";
import { publishManifest } from "./publish-manifest";

/**
 * Signs the manifest and writes it to every repository that has the whole backup, and stores what came of it.
 * @throws EngineError when a copy is missing: the backup is there, and incomplete
 */
export async function publishBackup(
  ctx: StepCtx,
  manifest: AnyManifest,
  targets: BackupTargets,
): Promise<"complete" | "incomplete"> {
  const { repositories, failures } = targets;
  const whole = repositories.filter((each) => !failures.has(each.name));
  const locks = new Map<string, Date>();
  const noting = { ...ctx, onLocked: (repository: string, until: Date) => locks.set(repository, until) };
  for (const [name, failure] of await publishManifest(noting, manifest, whole)) failures.set(name, failure);
  const state = await completeBackup(ctx, manifest, { repositories, failures, locks });
  if (failures.size === 0) return state;
  const [[name, failure] = ["", undefined]] = failures;
  throw new EngineError(`the backup is incomplete: repository "${name}" has no copy: ${failure?.message ?? ""}`, {
    engine: "object-store",
    operation: "store a copy",
    permanent: false,
    hint: failure?.hint ?? "Mend the repository, then start another backup.",
  });
}
