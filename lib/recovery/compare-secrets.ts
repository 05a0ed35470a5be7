import { type AnyManifest, fingerprintSecrets, secretsOf } from "@/lib/backups";
import { HoldfastError } from "@/lib/kernel/errors";
import type { StepCtx } from "@/lib/runs";
import { fillPath, loadConfiguration } from "@/lib/settings";

export type SecretsVerdict = "same" | "different" | "unknown";

/**
 * Whether the secrets in use are those that a backup was taken beside, or holds itself: one beside other secrets may be
 * no good, and whoever restores it has to know. What differs, or is not known, is said as a warning.
 * @returns null where none belong to it
 */
export async function compareSecrets(ctx: StepCtx, manifest: AnyManifest): Promise<SecretsVerdict | null> {
  const taken = takenWith(manifest);
  if (taken === null) return null;
  const inUse = taken.isOwn
    ? await readOwn(ctx, manifest.system)
    : ((await secretsOf(ctx, manifest.system))?.fingerprint ?? null);
  if (inUse === taken.fingerprint) return "same";
  const why = inUse === null ? "cannot be compared with any in use" : "are others than those in use";
  ctx.run.say(`the secrets of this backup ${why}: what was encrypted with them opens with them alone`, "warning");
  return inUse === null ? "unknown" : "different";
}

function takenWith(manifest: AnyManifest): { fingerprint: string; isOwn: boolean } | null {
  if ("secretsFingerprint" in manifest && manifest.secretsFingerprint !== null) {
    return { fingerprint: manifest.secretsFingerprint, isOwn: true };
  }
  const secrets = "secrets" in manifest ? manifest.secrets : null;
  return secrets ? { fingerprint: secrets.fingerprint, isOwn: false } : null;
}

/** Of a system that holds secrets itself; null where they cannot be read here. */
async function readOwn(ctx: StepCtx, system: string): Promise<string | null> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (declaration?.kind !== "files") return null;
  const { include, exclude } = declaration;
  try {
    return await fingerprintSecrets(ctx, { root: fillPath(declaration.path, configuration), include, exclude });
  } catch (error) {
    if (!(error instanceof HoldfastError) || ctx.signal.aborted) throw error;
    ctx.run.say(`${error.message}. ${error.hint ?? ""}`, "warning");
    return null;
  }
}
