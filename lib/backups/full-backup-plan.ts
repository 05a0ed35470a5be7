import type { JobCtx } from "@/lib/db/context";
import { formatBytes } from "@/lib/kernel/format";
import {
  EngineError,
  CancelledError,
  type ErrorSummary,
  HoldfastError,
  PreconditionError,
  RefusedError,
  summarizeError,
} from "@/lib/kernel/errors";
import { openRepository } from "@/lib/repositories";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { completeBackup, failBackup } from "./end-backup";
import { type FullBackup, requireBackup } from "./full-backup";
import type { Manifest } from "./manifest";
import { publishManifest } from "./publish-manifest";
import { storeData, storeUsers } from "./store-dump";

/** The steps of a full logical backup. Each may be repeated: an attempt that did not end is another backup's row. */
export async function planFullBackup(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<FullBackup>> {
  const system = String(run.parameters.system);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (declaration?.kind !== "mariadb" || !declaration.backup.full || !run.systemId) {
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
      { ...step, key: "look", title: "Look at the server and its hazards", perform: look },
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
    cleanUp: async (cleanCtx, _, ended) => {
      if (ended.state !== "succeeded") await failBackup(cleanCtx, { id: run.id, system }, ended.error?.message);
    },
    result: (done) => ({
      backupId: done.backup?.id,
      state: done.state,
      sizeBytes: done.parts.reduce((sum, part) => sum + part.sealed.sizeBytes, 0),
    }),
  };
}

async function look(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  shared.facts = await shared.engine.inspect(ctx.signal);
  shared.hazards = await shared.engine.findHazards(ctx.signal);
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

async function open(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  const names = shared.declaration.backup.full?.to ?? [];
  let lastError: unknown;
  for (const name of names) {
    try {
      shared.repositories.push(await openRepository(ctx, name));
    } catch (error) {
      lastError = error;
      const failure = describeFailure(error);
      ctx.run.say(`repository ${name}: ${failure.message}`, "error");
      shared.failures.set(name, failure);
    }
  }
  if (shared.repositories.length === 0) throw lastError;
  shared.incarnation = await incarnationOf(ctx, shared);
  return { summary: `${shared.repositories.map(({ name }) => name).join(", ")} of ${names.length} declared` };
}

/** One repository's own trouble, a missing variable or a damaged identity included, is no reason not to back up to the others. */
function describeFailure(error: unknown): ErrorSummary {
  if (error instanceof HoldfastError && !(error instanceof CancelledError)) return summarizeError(error);
  throw error;
}

/** The series of log files that is collected from this server now, or `none`. */
async function incarnationOf(ctx: StepCtx, shared: FullBackup): Promise<string> {
  const row = await ctx.db.system.findUniqueOrThrow({ where: { id: shared.systemId } });
  return row.logIncarnation && row.logServerId === shared.facts?.serverId ? row.logIncarnation : "none";
}

/**
 * Settles to which series of log files the position belongs. One that began meanwhile holds it when it is the first;
 * one that took the place of another is not known to: then no log follows this full.
 */
async function settleIncarnation(ctx: StepCtx, shared: FullBackup): Promise<void> {
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
    cut: null,
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
    parts: shared.parts,
  };
  const locks = new Map<string, Date>();
  const failures = await publishManifest(
    { ...ctx, onLocked: (repository: string, until: Date) => locks.set(repository, until) },
    manifest,
    shared.repositories.filter((each) => !shared.failures.has(each.name)),
  );
  for (const [name, failure] of failures) shared.failures.set(name, failure);
  const { repositories, failures: lost } = shared;
  shared.state = await completeBackup(ctx, manifest, { repositories, failures: lost, locks });
  if (shared.failures.size > 0) {
    const [[name, failure] = ["", undefined]] = shared.failures;
    throw new EngineError(`the backup is incomplete: repository "${name}" has no copy: ${failure?.message ?? ""}`, {
      engine: "object-store",
      operation: "store a copy",
      permanent: false,
      hint: failure?.hint ?? "Mend the repository, then start another backup.",
    });
  }
  return { summary: `complete in ${shared.repositories.map(({ name }) => name).join(" and ")}`, backupId: backup.id };
}
