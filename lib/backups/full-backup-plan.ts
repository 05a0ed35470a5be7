import type { JobCtx } from "@/lib/db/context";
import { formatBytes } from "@/lib/kernel/format";
import { PreconditionError, RefusedError } from "@/lib/kernel/errors";
import type { Hazard } from "@/lib/engines/database/port";
import { readRecipients } from "@/lib/recipients";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { backupEnd } from "./backup-end";
import { cutOf } from "./cut-of";
import type { FullBackup } from "./full-backup";
import { requireBackup } from "./keep-part";
import type { Manifest } from "./manifest";
import { openRepositories } from "./open-repositories";
import { publishBackup } from "./publish-backup";
import { secretsOf } from "./secrets-of";
import { storeData, storeUsers } from "./store-dump";

/** The steps of a full logical backup. Each may be repeated: an attempt that did not end is another backup's row. */
export async function planFullBackup(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<FullBackup>> {
  const system = String(run.parameters.system);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isDatabase(declaration) || !declaration.backup.full || !run.systemId) {
    throw new PreconditionError(`system "${system}" declares no full backup any more`, {
      hint: "Was holdfast.yaml changed after the run was started?",
    });
  }
  const shared: FullBackup = {
    run,
    systemId: run.systemId,
    system,
    declaration,
    recipients: configuration.keys.recipients,
    engine: await ctx.engines.database(system),
    repositories: [],
    hazards: [],
    parts: [],
    failures: new Map(),
  };
  const step = { repeatable: true, ephemeral: true, owner: "mariadb" };
  return {
    shared,
    steps: [
      {
        ...step,
        key: "look",
        title: "Look at the server and its hazards",
        perform: (stepCtx, own) => look(stepCtx, own),
      },
      { ...step, key: "open", title: "Open the repositories", owner: "repositories", perform: open },
      { ...step, key: "users", title: "Store users and grants", perform: storeUsers },
      { ...step, key: "data", title: "Dump, pack, encrypt and store the data", perform: storeData },
      {
        ...step,
        key: "publish",
        title: "Sign the manifest and check the copies",
        owner: "repositories",
        perform: publish,
      },
    ],
    ...backupEnd(run, system),
  };
}

/** `hazards`: where the method has others than a dump's. */
export async function look(ctx: StepCtx, shared: FullBackup, hazards?: Promise<Hazard[]>): Promise<StepOutcome> {
  shared.facts = await shared.engine.inspect(ctx.signal);
  shared.hazards = await (hazards ?? shared.engine.findHazards(ctx.signal));
  await ctx.db.system.update({
    where: { id: shared.systemId },
    data: {
      findings: { version: shared.facts.version, hazards: shared.hazards } as object,
      probedAt: ctx.now(),
      probeError: null,
      failingSince: null,
    },
  });
  for (const hazard of shared.hazards) {
    ctx.run.say(`${hazard.id}, ${hazard.object}: ${hazard.message}`, hazard.effect === "refuse" ? "error" : "warning");
  }
  await warnOfUnproven(ctx);
  shared.secrets = await secretsOf(ctx, shared.system);
  const refusals = shared.hazards.filter((hazard) => hazard.effect === "refuse");
  const [first] = refusals;
  if (first) {
    throw new RefusedError(
      `no backup is taken: ${refusals.map((each) => `${each.object}: ${each.message}`).join("; ")}`,
      {
        hint: first.hint,
      },
    );
  }
  return {
    summary: `MariaDB ${shared.facts.version}, ${shared.facts.tables} tables, ${formatBytes(shared.facts.dataBytes)}`,
  };
}

/** A key that nobody has tried may be lost: said before each backup that only it might open. */
async function warnOfUnproven(ctx: StepCtx): Promise<void> {
  for (const { recipient, state } of await readRecipients(ctx)) {
    if (state === "proven") continue;
    ctx.run.say(`recipient ${recipient}: nobody has shown lately that its private key opens a backup`, "warning");
  }
}

async function open(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  const outcome = await openRepositories(ctx, shared, shared.declaration.backup.full?.to ?? []);
  shared.incarnation = await incarnationOf(ctx, shared);
  return outcome;
}

/** The series of log files that is collected from this server now, or `none`. */
export async function incarnationOf(ctx: StepCtx, shared: FullBackup): Promise<string> {
  const row = await ctx.db.system.findUniqueOrThrow({ where: { id: shared.systemId } });
  return row.logIncarnation && row.logServerId === shared.facts?.serverId ? row.logIncarnation : "none";
}

/**
 * Settles to which series of log files the position belongs. One that began meanwhile holds it when it is the first;
 * one that took the place of another is not known to: then no log follows this full.
 */
export async function settleIncarnation(ctx: StepCtx, shared: FullBackup): Promise<void> {
  const before = shared.incarnation ?? "none";
  const now = await incarnationOf(ctx, shared);
  const isReplaced = before !== "none" && before !== now;
  shared.incarnation = isReplaced ? "none" : now;
  if (shared.incarnation !== "none" || !shared.declaration.backup.log) return;
  const why = isReplaced ? "was begun anew meanwhile" : "is not collected yet";
  ctx.run.say(`the log of this server ${why}: this full can be restored, but not to a later point`, "warning");
}

async function publish(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  const { dump, facts } = shared;
  const backup = requireBackup(shared);
  if (!dump || !facts) throw new Error("nothing was dumped");
  await settleIncarnation(ctx, shared);
  const manifest: Manifest = {
    format: 1,
    id: backup.id,
    cut: cutOf(shared.run),
    system: shared.system,
    kind: "mariadb",
    type: "full",
    method: "logical",
    parent: null,
    startedAt: backup.startedAt.toISOString(),
    endedAt: ctx.now().toISOString(),
    server: {
      id: facts.serverId,
      incarnation: shared.incarnation ?? "none",
      version: facts.version,
      settings: facts.settings,
    },
    tools: { "mariadb-dump": facts.version, compression: "zstd", encryption: "age" },
    position: dump.position,
    endPosition: dump.endPosition,
    schemas: facts.schemas,
    tables: dump.tables,
    objects: {
      views: dump.views,
      triggers: dump.triggers,
      routines: dump.routines,
      events: dump.events,
      sequences: dump.sequences,
    },
    hazards: shared.hazards,
    secrets: shared.secrets ?? null,
    parts: shared.parts,
  };
  shared.state = await publishBackup(ctx, manifest, shared);
  return { summary: `complete in ${shared.repositories.map(({ name }) => name).join(" and ")}`, backupId: backup.id };
}
