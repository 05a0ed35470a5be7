import type { DatabaseEngine, LogPosition } from "@/lib/engines/database/port";
import type { JobCtx } from "@/lib/db/context";
import { EngineError, PreconditionError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { type FollowedLog, followedLog, readStoredLog, reachesPosition } from "./log-progress";

/** The log is shipped all the time: what was written before the run is stored within a few intervals, or not at all. */
const WAIT_MS = 300_000;
const PERIOD_MS = 500;

interface LogBackup {
  systemId: string;
  engine: DatabaseEngine;
  repositories: { id: string; name: string }[];
  log?: FollowedLog;
  position?: LogPosition;
}

/** A point in time up to which every repository has the log: what the server had written when the run began. */
export async function planLogBackup(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<LogBackup>> {
  const system = String(run.parameters.system);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isDatabase(declaration) || !declaration.backup.log || !run.systemId) {
    throw new PreconditionError(`system "${system}" declares no log any more`, {
      hint: "Was holdfast.yaml changed after the run was started?",
    });
  }
  const repositories = await ctx.db.repository.findMany({
    where: { name: { in: declaration.backup.log.to }, removedAt: null },
    select: { id: true, name: true },
  });
  const step = { repeatable: true, ephemeral: true };
  return {
    shared: { systemId: run.systemId, engine: await ctx.engines.database(system), repositories },
    steps: [
      { ...step, key: "look", title: "Ask the server how far it has written", owner: "mariadb", perform: look },
      { ...step, key: "wait", title: "Wait until every repository has it", owner: "repositories", perform: wait },
    ],
    result: ({ position, repositories: to }) => ({ position, repositories: to.map(({ name }) => name) }),
  };
}

async function look(ctx: StepCtx, shared: LogBackup): Promise<StepOutcome> {
  const { position } = await shared.engine.inspect(ctx.signal);
  const log = await followedLog(ctx, shared.systemId);
  if (!log) {
    throw new PreconditionError("the log of this server is not collected", {
      hint: "Does a runner of the system's site work? The log of the runner says what it waits for.",
    });
  }
  shared.log = log;
  shared.position = position;
  return { summary: `${position.file} at ${position.offset}, ${position.gtid || "no transaction yet"}` };
}

async function wait(ctx: StepCtx, { log, position, repositories }: LogBackup): Promise<StepOutcome> {
  if (!log || !position) throw new Error("the server was not asked");
  const deadline = monotonicMs() + WAIT_MS;
  for (;;) {
    const rows = await readStoredLog(ctx, log, { file: "", repositoryIds: repositories.map(({ id }) => id) });
    const behind = repositories.filter(({ id }) => {
      const own = rows.filter((row) => row.repositoryId === id);
      const first = own[0]?.file;
      return first === undefined || !reachesPosition(own, { first, end: position });
    });
    if (behind.length === 0) {
      return { summary: `everything up to ${position.gtid || position.file} is stored in each of them` };
    }
    if (monotonicMs() > deadline) throw tooSlow(behind.map(({ name }) => name));
    ctx.run.progress({ done: repositories.length - behind.length, total: repositories.length, unit: "repositories" });
    await waitFor(PERIOD_MS, ctx.signal);
    ctx.signal.throwIfAborted();
  }
}

function tooSlow(names: readonly string[]): EngineError {
  return new EngineError(`the log is not stored in ${names.join(" and ")} after ${WAIT_MS / 60_000} minutes`, {
    engine: "object-store",
    operation: "store the log",
    permanent: false,
    hint: "Look at the exposure of the system and at the runner's log: they say why the log is not shipped.",
  });
}
