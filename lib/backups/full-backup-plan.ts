import type { JobCtx } from "@/lib/db/context";
import type { DatabaseEngine, DumpFacts, Hazard, ServerFacts } from "@/lib/engines/database/port";
import { formatBytes } from "@/lib/kernel/format";
import { CancelledError, type ErrorSummary, EngineError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { type OpenRepository, openRepository } from "@/lib/repositories";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import type { MariadbDeclaration } from "@/lib/settings/schemas";
import { beginBackup } from "./begin-backup";
import { completeBackup, failBackup } from "./end-backup";
import type { Manifest, ManifestPart } from "./manifest";
import { publishManifest } from "./publish-manifest";
import { storePart } from "./store-part";

interface FullBackup {
  run: ClaimedRun;
  systemId: string;
  system: string;
  declaration: MariadbDeclaration;
  recipients: string[];
  engine: DatabaseEngine;
  repositories: OpenRepository[];
  facts?: ServerFacts;
  hazards: Hazard[];
  incarnation?: string;
  backup?: { id: string; startedAt: Date };
  dump?: DumpFacts;
  parts: ManifestPart[];
  failures: Map<string, ErrorSummary>;
  state?: "complete" | "incomplete";
}

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

function describeFailure(error: unknown): ErrorSummary {
  if (error instanceof EngineError || error instanceof RefusedError) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  throw error;
}

/** The series of log files that the position belongs to; the collector names it. Without one, no log follows this full. */
async function incarnationOf(ctx: StepCtx, shared: FullBackup): Promise<string> {
  const row = await ctx.db.system.findUniqueOrThrow({ where: { id: shared.systemId } });
  if (row.logIncarnation && row.logServerId === shared.facts?.serverId) return row.logIncarnation;
  if (shared.declaration.backup.log) {
    ctx.run.say(
      "the log of this server is not collected yet: this full can be restored, but not to a later point",
      "warning",
    );
  }
  return "none";
}

async function storeUsers(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  shared.backup = await beginBackup(ctx, {
    systemId: shared.systemId,
    runId: shared.run.id,
    repositories: shared.repositories,
  });
  shared.parts = [];
  const users = shared.engine.dumpUsers(ctx.signal);
  await store(ctx, shared, { name: "users", output: users.output });
  await users.done;
  return { summary: "users, roles and grants stored" };
}

async function store(
  ctx: StepCtx,
  shared: FullBackup,
  input: { name: ManifestPart["name"]; output: Parameters<typeof storePart>[1] },
): Promise<ManifestPart> {
  const { part, failures } = await storePart(ctx, input.output, {
    name: input.name,
    system: shared.system,
    backupId: requireBackup(shared).id,
    repositories: shared.repositories.filter((each) => !shared.failures.has(each.name)),
    recipients: shared.recipients,
  });
  for (const [repository, failure] of failures) {
    ctx.run.say(`repository ${repository} dropped out: ${failure.message}. ${failure.hint ?? ""}`, "error");
    shared.failures.set(repository, failure);
  }
  shared.parts.push(part);
  return part;
}

function requireBackup(shared: FullBackup): { id: string; startedAt: Date } {
  if (!shared.backup) throw new Error("the backup was not begun");
  return shared.backup;
}

/** Dumps once; once again when the schema changed or a non-transactional row was written meanwhile; then gives up. */
async function storeData(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const { part, disturbances } = await dumpOnce(ctx, shared);
    const [first] = disturbances;
    if (!first) {
      const rows = shared.dump?.tables.reduce((sum, table) => sum + table.rows, 0) ?? 0;
      return {
        summary: `${shared.dump?.tables.length ?? 0} tables, ${rows} rows, ${formatBytes(part.plain.sizeBytes)} stored as ${formatBytes(part.sealed.sizeBytes)}`,
        position: shared.dump?.position,
      };
    }
    const what =
      first.kind === "schema-changed" ? "the schema was changed" : "a row of a non-transactional table was written";
    if (attempt === 2) {
      throw new RefusedError(`${what} during the dump, twice (transaction ${first.gtid})`, {
        hint: "Take the backup when no migration runs, or move the table to InnoDB: its log could not be replayed on this dump.",
      });
    }
    ctx.run.say(`${what} during the dump (transaction ${first.gtid}): dumping once again`, "warning");
    await failBackup(ctx, { id: shared.run.id, system: shared.system }, `${what} during the dump`);
    await storeUsers(ctx, shared);
  }
}

async function dumpOnce(ctx: StepCtx, shared: FullBackup) {
  // Asked anew right before the dump: a schema that was made since would be in the log and not in the dump.
  const facts = await shared.engine.inspect(ctx.signal);
  shared.facts = facts;
  const dump = shared.engine.dump(
    {
      schemas: facts.schemas,
      leaveOut: shared.hazards.filter((hazard) => hazard.id === "broken-view").map((hazard) => hazard.object),
    },
    {
      signal: ctx.signal,
      onProgress: (done) => ctx.run.progress({ done, total: null, unit: "bytes" }),
    },
  );
  const [stored, dumped] = await Promise.allSettled([
    store(ctx, shared, { name: "data", output: dump.output }),
    dump.done,
  ]);
  // The dump's own error is the cause; a store's error ends the dump as a consequence.
  if (stored.status === "rejected")
    throw dumped.status === "rejected" ? causeOf(stored.reason, dumped.reason) : stored.reason;
  if (dumped.status === "rejected") throw dumped.reason;
  const { position, endPosition } = (shared.dump = dumped.value);
  const since = await shared.engine.findDisturbances(facts.position, endPosition, ctx.signal);
  // What was written before the snapshot is in the dump; a schema made since it was listed is not.
  const disturbances = since.filter((each) => each.kind === "schema-changed" || !isBefore(each, position));
  return { part: stored.value, disturbances };
}

function isBefore(one: { file: string; offset: number }, other: { file: string; offset: number }): boolean {
  return one.file === other.file ? one.offset < other.offset : one.file < other.file;
}

/** When the stores failed on their own account, the dump only lost its reader. */
function causeOf(stored: unknown, dumped: unknown): unknown {
  const isStoresOwn = stored instanceof EngineError && stored.engine !== "mariadb" && stored.engine !== "envelope";
  return isStoresOwn || dumped instanceof CancelledError ? stored : dumped;
}

async function publish(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  const { dump, facts } = shared;
  const backup = requireBackup(shared);
  if (!dump || !facts) throw new Error("nothing was dumped");
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
  const failures = await publishManifest(
    ctx,
    manifest,
    shared.repositories.filter((each) => !shared.failures.has(each.name)),
  );
  for (const [name, failure] of failures) shared.failures.set(name, failure);
  shared.state = await completeBackup(ctx, manifest, { repositories: shared.repositories, failures: shared.failures });
  if (shared.failures.size > 0) {
    const [[name, failure] = ["", undefined]] = shared.failures;
    throw new PreconditionError(
      `the backup is incomplete: repository "${name}" has no copy: ${failure?.message ?? ""}`,
      {
        hint: failure?.hint ?? "Mend the repository, then start another backup.",
      },
    );
  }
  return { summary: `complete in ${shared.repositories.map(({ name }) => name).join(" and ")}`, backupId: backup.id };
}
