import type { JobCtx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isBackedUp, isDatabase } from "@/lib/settings/schemas";
import { checkTables, findHeartbeat, runQueries } from "./check-server";
import { cleanUpRecovery } from "./clean-up";
import { compareSecrets } from "./compare-secrets";
import { fetchLog } from "./fetch-log";
import { findPoint } from "./find-point";
import { handOver } from "./hand-over";
import { loadData } from "./load-data";
import { openRecovery } from "./open-recovery";
import { type Recovery, known } from "./recovery";
import { replayLog } from "./replay-log";
import { planTreeRestore } from "./tree-restore-plan";

/** The recovery of a run, made by its first step. */
export interface RestoreShared {
  recovery?: Recovery;
}

type Perform = (ctx: StepCtx, recovery: Recovery) => Promise<StepOutcome>;

/** Puts a recovery's own function behind a step. */
export function onRecovery(perform: Perform): (ctx: StepCtx, shared: RestoreShared) => Promise<StepOutcome> {
  return (ctx, shared) => perform(ctx, known(shared.recovery, "the recovery"));
}

/** The steps of a restore, by the kind of its system. */
export async function planRestore(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<object>> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[String(run.parameters.system)];
  if (isBackedUp(declaration) && !isDatabase(declaration)) {
    return planTreeRestore(run, declaration) as RunPlan<object>;
  }
  return (await planServerRestore(ctx, run)) as RunPlan<object>;
}

/** The steps of a restore of a database. Its server lives with the runner, so another runner begins again. */
async function planServerRestore(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<RestoreShared>> {
  const { system, to, at, from } = run.parameters as { system: string; to: string; at: string; from?: string };
  const { configuration } = await loadConfiguration(ctx);
  const directory = directoryOf(to, configuration.targets);
  const step = { repeatable: true, ephemeral: true, owner: "mariadb" };
  return {
    shared: {},
    steps: [
      {
        ...step,
        key: "find",
        title: "Find the point",
        owner: "repositories",
        perform: async (stepCtx, shared) => {
          shared.recovery = await openRecovery(stepCtx, { system, at, from, directory, runId: run.id });
          return findSecrets(stepCtx, shared.recovery, await findPoint(stepCtx, shared.recovery));
        },
      },
      { ...step, key: "fetch", title: "Fetch the log", owner: "repositories", perform: onRecovery(fetchLog) },
      { ...step, key: "load", title: "Load users and data", perform: onRecovery(loadData) },
      { ...step, key: "replay", title: "Replay the log", perform: onRecovery(replayLog) },
      { ...step, key: "check", title: "Check tables", perform: onRecovery(checkTables) },
      { ...step, key: "queries", title: "Run the system's own queries", perform: onRecovery(runQueries) },
      { ...step, key: "heartbeat", title: "Find the heartbeat", perform: onRecovery(findHeartbeat) },
      {
        ...step,
        key: "hand-over",
        title: "Hand the server over",
        settling: to !== "scratch",
        perform: onRecovery(handOver(to)),
      },
    ],
    cleanUp: async (cleanCtx, shared, ended) => {
      if (shared.recovery) await cleanUpRecovery(cleanCtx, shared.recovery, { server: ended.state === "succeeded" });
    },
    letGo: async (lastCtx, { recovery }) => {
      if (recovery) await cleanUpRecovery(lastCtx, recovery, { server: false });
    },
    // Unknown where another runner handed it over and died before the run's end.
    result: ({ recovery }) => (recovery ? describeResult(recovery) : {}),
  };
}

/** Told with the point, before anything is loaded. */
async function findSecrets(ctx: StepCtx, recovery: Recovery, found: StepOutcome): Promise<StepOutcome> {
  const secrets = await compareSecrets(ctx, known(recovery.manifest, "the manifest"));
  if (secrets === null) return found;
  recovery.secrets = secrets;
  return { ...found, secrets };
}

function directoryOf(to: string, targets: Record<string, { directory: string }>): string | undefined {
  if (to === "scratch") return undefined;
  if (to.startsWith("dir:")) return to.slice("dir:".length);
  const target = targets[to];
  if (target) return target.directory;
  throw new PreconditionError(`target "${to}" is no longer declared`, { hint: "Was holdfast.yaml changed meanwhile?" });
}

function describeTarget({ server, leftAt, livesUntil }: Recovery): Record<string, unknown> | null {
  if (!server) return null;
  const { socket, port } = leftAt ?? server;
  return {
    socket,
    port,
    directory: server.directory,
    optionFile: server.optionFile,
    ...(livesUntil ? { livesUntil: livesUntil.toISOString() } : {}),
  };
}

/** The `target`, `restoredTo` and origin of `restore --json`. */
export function describeResult(recovery: Recovery): Record<string, unknown> {
  const { source, manifest, restoredTo, heartbeat, secrets } = recovery;
  return {
    target: describeTarget(recovery),
    restoredTo: restoredTo ?? null,
    fromRepository: source.repository,
    backupId: manifest?.id ?? null,
    heartbeatAt: heartbeat?.at.toISOString() ?? null,
    ...(secrets ? { secrets } : {}),
  };
}
