import type { JobCtx } from "@/lib/db/context";
import { HoldfastError } from "@/lib/kernel/errors";
import { fillPath, loadConfiguration } from "@/lib/settings";
import { type Configuration, type FilesDeclaration, secretsSystemOf } from "@/lib/settings/schemas";
import { fingerprintSecrets } from "./fingerprint-secrets";
import { FilesManifest, type SecretsInUse } from "./manifest";

/**
 * The fingerprint of the secrets that a system's data was written with, as they are in use now: read where they lie or,
 * where another runner's machine holds them, as their newest backup knows them.
 * @returns null where no secrets belong to the system, or nothing is known of them; `say` tells why
 */
export async function secretsOf(
  ctx: JobCtx & { run: { say(message: string, level?: "warning"): void } },
  system: string,
): Promise<SecretsInUse | null> {
  const { configuration } = await loadConfiguration(ctx);
  const name = secretsSystemOf(configuration, system);
  const declaration = name === null ? undefined : configuration.systems[name];
  if (name === null || declaration?.kind !== "files") return null;
  if (isSamePlace(configuration, system, declaration)) {
    const read = await readFingerprint(ctx, configuration, declaration);
    if (read !== null) return { system: name, fingerprint: read, asOf: ctx.now().toISOString() };
  }
  const stored = await newestFingerprint(ctx, name);
  if (stored === null)
    ctx.run.say(`nothing is known of the secrets "${name}": a restore cannot compare them`, "warning");
  return stored && { system: name, ...stored };
}

function isSamePlace({ systems }: Configuration, system: string, { runner }: FilesDeclaration): boolean {
  const own = systems[system]?.runner;
  return own !== undefined && (own.label ?? own.site) === (runner.label ?? runner.site);
}

async function readFingerprint(
  ctx: JobCtx & { run: { say(message: string, level?: "warning"): void } },
  configuration: Configuration,
  { path, include, exclude }: FilesDeclaration,
): Promise<string | null> {
  try {
    return await fingerprintSecrets(ctx, { root: fillPath(path, configuration), include, exclude });
  } catch (error) {
    if (!(error instanceof HoldfastError) || ctx.signal.aborted) throw error;
    ctx.run.say(`${error.message}. ${error.hint ?? ""}`, "warning");
    return null;
  }
}

/** As its newest whole backup tells. */
async function newestFingerprint(ctx: JobCtx, name: string): Promise<Omit<SecretsInUse, "system"> | null> {
  const row = await ctx.db.backup.findFirst({
    where: { system: { name }, method: "tar", state: { in: ["complete", "incomplete"] } },
    orderBy: { startedAt: "desc" },
    select: { manifest: true },
  });
  if (!row) return null;
  const { secretsFingerprint, startedAt } = FilesManifest.parse(row.manifest);
  return secretsFingerprint === null ? null : { fingerprint: secretsFingerprint, asOf: startedAt };
}
