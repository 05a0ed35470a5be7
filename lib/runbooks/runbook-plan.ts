import { proveByDrill } from "@/lib/verification";
import type { JobCtx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import {
  type Recovery,
  checkTables,
  cleanUpRecovery,
  compareContent,
  describeResult,
  fetchLog,
  findHeartbeat,
  compareSecrets,
  findPoint,
  known,
  loadData,
  openRecovery,
  replayLog,
  runQueries,
} from "@/lib/recovery";
import { type ClaimedRun, type RunPlan, type Step, type StepCtx, type StepOutcome, recordClock } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { assessDamage } from "./assess-damage";
import { cutOver } from "./cut-over";
import { measureRecovery } from "./measure-recovery";
import { type RunbookStep, findRunbook, stepsOf } from "./runbook";
import type { RunbookShared } from "./runbook-shared";
import { verifyTraffic } from "./verify-traffic";

type Perform = (ctx: StepCtx, shared: RunbookShared) => Promise<StepOutcome>;

const onRecovery =
  (perform: (ctx: StepCtx, recovery: Recovery) => Promise<StepOutcome>): Perform =>
  (ctx, shared) =>
    perform(ctx, known(shared.recovery, "the recovery"));

/** What each step of the shipped runbooks does; the document says when. */
const ACTIONS: Record<string, Perform> = {
  assess: assessDamage,
  find: async (ctx, shared) => {
    const { system, at, from, directory, run } = shared;
    await recordClock(ctx, run.id, ["restoreStart", ctx.now()]);
    shared.recovery = await openRecovery(ctx, { system, at, from, directory, runId: run.id });
    const found = await findPoint(ctx, shared.recovery);
    const secrets = await compareSecrets(ctx, known(shared.recovery.manifest, "the manifest"));
    return secrets === null ? found : { ...found, secrets };
  },
  fetch: onRecovery(fetchLog),
  load: onRecovery(loadData),
  compare: onRecovery(compareContent),
  replay: onRecovery(replayLog),
  check: async (ctx, shared) => {
    await recordClock(ctx, shared.run.id, ["dataReady", ctx.now()]);
    return checkTables(ctx, known(shared.recovery, "the recovery"));
  },
  queries: onRecovery(runQueries),
  heartbeat: async (ctx, shared) => {
    const outcome = await findHeartbeat(ctx, known(shared.recovery, "the recovery"));
    return measureRecovery(ctx, shared, outcome);
  },
  "cut-over": cutOver,
  traffic: verifyTraffic,
};

/** The steps of a runbook's run. In a drill, what would touch production is listed and not carried out. */
export async function planRunbook(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<RunbookShared>> {
  const runbook = findRunbook(run.runbook ?? "");
  if (!runbook) throw new NotFoundError("runbook", run.runbook ?? "");
  const parameters = run.parameters as { system: string; at: string; from: string | null; target: string | null };
  const { configuration } = await loadConfiguration(ctx);
  const mode = run.mode ?? "drill";
  const target = parameters.target ? configuration.targets[parameters.target] : undefined;
  const shared: RunbookShared = {
    run,
    mode,
    system: parameters.system,
    at: parameters.at,
    from: parameters.from ?? undefined,
    target,
    directory: mode === "live" ? target?.directory : undefined,
    hasCutOver: false,
  };
  return {
    shared,
    steps: stepsOf(runbook, mode).map((step) => toStep(step, mode)),
    cleanUp: async (cleanCtx, { recovery, hasCutOver }, ended) => {
      if (recovery) await cleanUpRecovery(cleanCtx, recovery, { server: hasCutOver });
      if (ended.state === "succeeded" && recovery && mode === "drill") await proveByDrill(cleanCtx, run, recovery);
    },
    letGo: async (lastCtx, { recovery, hasCutOver }) => {
      if (recovery) await cleanUpRecovery(lastCtx, recovery, { server: hasCutOver });
    },
    result: (done) => (done.recovery ? describeResult(done.recovery) : {}),
  };
}

function toStep(step: RunbookStep, mode: "drill" | "live"): Step<RunbookShared> {
  const isLeftOut = mode === "drill" && step.drill === "not-exercised";
  const perform = ACTIONS[step.key];
  if (!perform) throw new Error(`no action for the step "${step.key}"`);
  return {
    key: step.key,
    title: step.title,
    owner: step.owner,
    estimateSeconds: step.estimateSeconds,
    repeatable: isLeftOut || step.repeatable,
    ephemeral: step.ephemeral,
    settling: !isLeftOut && (step.settling ?? false),
    exercised: !isLeftOut,
    perform: isLeftOut
      ? () => Promise.resolve({ summary: "not exercised: a drill never touches production" })
      : perform,
  };
}
