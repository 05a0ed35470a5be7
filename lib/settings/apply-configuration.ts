import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { actorLabel } from "@/lib/kernel/actor";
import { sha256 } from "@/lib/kernel/crypto";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { diffConfiguration } from "./diff-configuration";
import { describeLocation } from "./describe-location";
import { parseConfiguration } from "./parse-configuration";
import { ApplyConfigurationInput, type Configuration, type ConfigurationChange } from "./schemas";

export interface AppliedConfiguration {
  /** null on a dry run, or when nothing changed before the first version. */
  version: number | null;
  applied: boolean;
  changes: ConfigurationChange[];
}

/**
 * Declares the estate: shows the difference to what holds now and, unless it is a dry run, makes it hold.
 * Systems and repositories that are no longer declared keep their history and are marked as removed.
 * @throws ValidationError with file and line; then nothing was applied
 */
export async function applyConfiguration(
  ctx: Ctx,
  input: ApplyConfigurationInput,
  hasVariable?: (name: string) => boolean,
): Promise<AppliedConfiguration> {
  requirePermission(ctx, "configuration.apply");
  const { text, file, dryRun } = ApplyConfigurationInput.parse(input);
  const { configuration, document } = parseConfiguration(text, { file, ...(hasVariable ? { hasVariable } : {}) });
  const digest = sha256(JSON.stringify(document));

  return ctx.transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('holdfast.configuration'))`;
    const current = await tx.configuration.findFirst({ orderBy: { version: "desc" } });
    const changes = diffConfiguration(current?.document ?? {}, document);
    if (dryRun || (current && changes.length === 0)) {
      return { version: current?.version ?? null, applied: false, changes };
    }

    const { version } = await tx.configuration.create({
      data: { document: document as object, digest, appliedAt: ctx.now(), appliedBy: actorLabel(ctx.actor) },
    });
    await declareSystems(tx, ctx, configuration);
    await declareRepositories(tx, ctx, configuration);
    for (const change of changes) {
      await recordAudit(tx, ctx, {
        action: "configuration.changed",
        entity: { type: "setting", id: change.path },
        changes: { before: { value: change.before }, after: { value: change.after } },
        metadata: { version },
      });
    }
    return { version, applied: true, changes };
  });
}

async function declareSystems(tx: Tx, ctx: Ctx, configuration: Configuration): Promise<void> {
  for (const [position, [name, system]] of Object.entries(configuration.systems).entries()) {
    const facts = {
      kind: system.kind,
      impact: system.impact,
      owner: system.owner ?? null,
      deputy: system.deputy ?? null,
      rtoTargetSeconds: system.rto,
      rpoTargetSeconds: system.rpo,
      position,
      removedAt: null,
    };
    await tx.system.upsert({
      where: { name },
      update: facts,
      create: { id: newId(), name, createdAt: ctx.now(), ...facts },
    });
  }
  await tx.system.updateMany({
    where: { name: { notIn: Object.keys(configuration.systems) }, removedAt: null },
    data: { removedAt: ctx.now() },
  });
}

async function declareRepositories(tx: Tx, ctx: Ctx, configuration: Configuration): Promise<void> {
  for (const [name, repository] of Object.entries(configuration.repositories)) {
    const facts = { kind: repository.kind, location: describeLocation(repository), removedAt: null };
    await tx.repository.upsert({
      where: { name },
      update: facts,
      create: { id: newId(), name, createdAt: ctx.now(), ...facts },
    });
  }
  await tx.repository.updateMany({
    where: { name: { notIn: Object.keys(configuration.repositories) }, removedAt: null },
    data: { removedAt: ctx.now() },
  });
}
