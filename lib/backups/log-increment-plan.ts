import type { JobCtx } from "@/lib/db/context";
import type { DatabaseEngine } from "@/lib/engines/database/port";
import { EngineError, PreconditionError, summarizeError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";
import { repositoryKeys } from "@/lib/repositories";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { type MariadbDeclaration, isDatabase } from "@/lib/settings/schemas";
import { backupEnd } from "./backup-end";
import { beginBackup } from "./begin-backup";
import { cutOf } from "./cut-of";
import { type FollowedLog, type StoredLog, closedChain, followedLog, readStoredLog } from "./log-progress";
import type { LogManifest } from "./manifest";
import { type BackupTargets, openRepositories } from "./open-repositories";
import { publishBackup } from "./publish-backup";

/** A closed log of 1 GB is read, sealed and read back in about a minute; there may be several. */
const WAIT_MS = 1_800_000;
const PERIOD_MS = 1_000;

interface LogIncrement extends BackupTargets {
  run: ClaimedRun;
  systemId: string;
  system: string;
  declaration: MariadbDeclaration;
  recipients: string[];
  engine: DatabaseEngine;
  version: string;
  log?: FollowedLog;
  parent?: { id: string; position: { gtid: string; file: string; offset: number } };
  backup?: { id: string; startedAt: Date };
  /** First file that does not belong to it. */
  end?: string;
  chain?: readonly StoredLog[];
  state?: "complete" | "incomplete";
}

/** The closed logs since the newest full: the log's file is closed, and each repository has to hold all of them whole. */
export async function planLogIncrement(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<LogIncrement>> {
  const system = String(run.parameters.system);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isDatabase(declaration) || !declaration.backup.incremental || !run.systemId) {
    throw new PreconditionError(`system "${system}" declares no incremental backup any more`, {
      hint: "Was holdfast.yaml changed after the run was started?",
    });
  }
  const shared: LogIncrement = {
    run,
    systemId: run.systemId,
    system,
    declaration,
    recipients: configuration.keys.recipients,
    engine: await ctx.engines.database(system),
    version: "",
    repositories: [],
    failures: new Map(),
  };
  const end = backupEnd<LogIncrement>(run, system);
  const step = { repeatable: true, ephemeral: true, owner: "mariadb" };
  const stored = { ...step, owner: "repositories" };
  return {
    shared,
    steps: [
      { ...step, key: "look", title: "Find the full that it continues", perform: look },
      { ...stored, key: "open", title: "Open the repositories", perform: open },
      { ...step, key: "close", title: "Close the log file", perform: close },
      { ...stored, key: "gather", title: "Wait until every closed log is stored whole", perform: gather },
      { ...stored, key: "publish", title: "Sign the manifest and check the copies", perform: publish },
    ],
    ...end,
    result: (done) => ({ ...end.result(done), parent: done.parent?.id }),
  };
}

async function look(ctx: StepCtx, shared: LogIncrement): Promise<StepOutcome> {
  const { version } = await shared.engine.inspect(ctx.signal);
  shared.version = version;
  const log = await followedLog(ctx, shared.systemId);
  if (!log) {
    throw new PreconditionError("the log of this server is not collected: there is nothing to continue a full with", {
      hint: "Does a runner of the system's site work? The log of the runner says what it waits for.",
    });
  }
  shared.log = log;
  const { serverId, incarnation } = log;
  const full = await ctx.db.backup.findFirst({
    where: {
      systemId: shared.systemId,
      type: "full",
      state: { in: ["complete", "incomplete"] },
      serverId,
      incarnation,
    },
    orderBy: { startedAt: "desc" },
  });
  if (!full?.position) {
    throw new PreconditionError("no full backup belongs to the log that is collected now", {
      hint: "Take a full backup first: an incremental continues one.",
    });
  }
  shared.parent = { id: full.id, position: full.position as { gtid: string; file: string; offset: number } };
  return { summary: `full of ${full.startedAt.toISOString()}, its log goes on in ${shared.parent.position.file}` };
}

async function open(ctx: StepCtx, shared: LogIncrement): Promise<StepOutcome> {
  const outcome = await openRepositories(ctx, shared, shared.declaration.backup.incremental?.to ?? []);
  shared.backup = await beginBackup(ctx, {
    systemId: shared.systemId,
    runId: shared.run.id,
    type: "incremental",
    method: "logical",
    parentId: required(shared.parent).id,
    cutId: cutOf(shared.run),
    repositories: shared.repositories,
    failures: shared.failures,
  });
  return outcome;
}

async function close(ctx: StepCtx, shared: LogIncrement): Promise<StepOutcome> {
  shared.end = await shared.engine.rotateLog(ctx.signal);
  return { summary: `closed; the server goes on in ${shared.end}` };
}

async function gather(ctx: StepCtx, shared: LogIncrement): Promise<StepOutcome> {
  const range = { first: required(shared.parent).position.file, end: required(shared.end) };
  const deadline = monotonicMs() + WAIT_MS;
  for (;;) {
    const live = shared.repositories.filter(({ name }) => !shared.failures.has(name));
    const rows = await readStoredLog(ctx, required(shared.log), {
      file: range.first,
      repositoryIds: live.map(({ id }) => id),
    });
    const chains = live.map(({ id, name }) => {
      const own = rows.filter((row) => row.repositoryId === id);
      return { name, chain: closedChain(own, range), files: own.filter(({ compactedAt }) => compactedAt).length };
    });
    const waiting = chains.filter(({ chain }) => chain === null);
    const whole = chains.find(({ chain }) => chain !== null)?.chain;
    if (whole) shared.chain = whole;
    if (waiting.length === 0) return { summary: describe(required(shared.chain)) };
    if (monotonicMs() > deadline) {
      for (const { name } of waiting) shared.failures.set(name, summarizeError(notThere(name)));
      if (waiting.length === live.length) throw notThere(waiting.map(({ name }) => name).join(" and "));
      return { summary: `not in ${waiting.map(({ name }) => name).join(" and ")}` };
    }
    ctx.run.progress({ done: Math.min(...chains.map(({ files }) => files)), total: null, unit: "files" });
    await waitFor(PERIOD_MS, ctx.signal);
    ctx.signal.throwIfAborted();
  }
}

async function publish(ctx: StepCtx, shared: LogIncrement): Promise<StepOutcome> {
  const { log, parent, backup, end, chain } = shared;
  const manifest: LogManifest = {
    format: 1,
    id: required(backup).id,
    cut: cutOf(shared.run),
    system: shared.system,
    kind: "mariadb",
    type: "incremental",
    method: "logical",
    parent: required(parent).id,
    startedAt: required(backup).startedAt.toISOString(),
    endedAt: ctx.now().toISOString(),
    server: { id: required(log).serverId, incarnation: required(log).incarnation, version: shared.version },
    tools: { "mariadb-binlog": shared.version, compression: "zstd", encryption: "age" },
    position: required(parent).position,
    endPosition: { file: required(end), offset: 0 },
    logs: required(chain).map((row) => ({
      file: row.file,
      key: keyOf(ctx, shared, row.file),
      sizeBytes: Number(row.endOffset),
      firstGtid: row.firstGtid,
      lastGtid: row.lastGtid,
      lastAt: row.lastAt?.toISOString() ?? null,
    })),
  };
  shared.state = await publishBackup(ctx, manifest, shared);
  return { summary: `complete in ${shared.repositories.map(({ name }) => name).join(" and ")}`, backupId: manifest.id };
}

function keyOf(ctx: StepCtx, shared: LogIncrement, file: string): string {
  const prefix = repositoryKeys.logPrefix({ system: shared.system, ...required(shared.log) });
  return `${prefix}${file}${ctx.engines.envelope.extension(shared.recipients)}`;
}

function describe(chain: readonly StoredLog[]): string {
  const bytes = chain.reduce((sum, row) => sum + Number(row.endOffset), 0);
  return `${chain.length} closed logs, ${formatBytes(bytes)}`;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an earlier step left something out");
  return value;
}

function notThere(where: string): EngineError {
  return new EngineError(`the closed logs are not stored whole in ${where} after ${WAIT_MS / 60_000} minutes`, {
    engine: "object-store",
    operation: "store the log",
    permanent: false,
    hint: "Look at the exposure of the system and at the runner's log: they say why the log is not shipped.",
  });
}
