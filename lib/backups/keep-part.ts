import type { Readable } from "node:stream";
import type { PipedBytes } from "@/lib/engines/envelope/port";
import type { StepCtx } from "@/lib/runs";
import type { ManifestPart } from "./manifest";
import type { BackupTargets } from "./open-repositories";
import { storePart } from "./store-part";

/** A backup under way, of whatever is backed up. */
export interface PartKeeper extends BackupTargets {
  system: string;
  recipients: string[];
  parts: ManifestPart[];
  backup?: { id: string; startedAt: Date };
}

/** Stores one part in every repository that is still there, and keeps it for the manifest; one that fails drops out. */
export async function keepPart(
  ctx: StepCtx,
  keeper: PartKeeper,
  input: { name: ManifestPart["name"]; file?: string | undefined; bytes: Readable | PipedBytes },
): Promise<ManifestPart> {
  const { part, failures } = await storePart(ctx, input.bytes, {
    name: input.name,
    file: input.file,
    system: keeper.system,
    backupId: requireBackup(keeper).id,
    repositories: keeper.repositories.filter((each) => !keeper.failures.has(each.name)),
    recipients: keeper.recipients,
  });
  for (const [repository, failure] of failures) {
    ctx.run.say(`repository ${repository} dropped out: ${failure.message}. ${failure.hint ?? ""}`, "error");
    keeper.failures.set(repository, failure);
  }
  keeper.parts.push(part);
  return part;
}

export function requireBackup({ backup }: Pick<PartKeeper, "backup">): { id: string; startedAt: Date } {
  if (!backup) throw new Error("the backup was not begun");
  return backup;
}
