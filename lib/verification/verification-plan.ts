import type { Verdict } from "@/lib/backups/schemas";
import { DamagedError, type ErrorSummary } from "@/lib/kernel/errors";
import {
  type Recovery,
  checkTables,
  cleanUpRecovery,
  compareContent,
  fetchLog,
  findHeartbeat,
  findPoint,
  known,
  loadData,
  onRecovery,
  openRecovery,
  readBack,
  replayLog,
  runQueries,
} from "@/lib/recovery";
import type { ClaimedRun, RunPlan, Step, StepCtx, StepOutcome } from "@/lib/runs";
import { recordVerdict } from "./record-verdict";

interface VerificationShared {
  recovery?: Recovery;
}

type VerificationStep = Step<VerificationShared>;

/** How far each level goes; the next one includes the one before. */
const DEPTH = { object: 1, restore: 2, replay: 3 } as const;

interface Request {
  system: string;
  backup: string;
  level: keyof typeof DEPTH;
  from: string | null;
}

/** The steps of an attempt to prove a backup at a level. */
export function planVerification(run: ClaimedRun): RunPlan<VerificationShared> {
  const request = run.parameters as unknown as Request;
  return {
    shared: {},
    steps: stepsOf(run, request),
    cleanUp: async (ctx, { recovery }, ended) => {
      // What was found out stands, whatever becomes of the throw-away server.
      if (ended.state !== "aborted") await storeVerdict(ctx, { run, request, recovery, error: ended.error });
      if (recovery) await cleanUpRecovery(ctx, recovery, { server: false });
    },
    letGo: async (ctx, { recovery }) => {
      if (recovery) await cleanUpRecovery(ctx, recovery, { server: false });
    },
    result: ({ recovery }) => ({
      verdict: "pass",
      level: request.level,
      backupId: request.backup,
      fromRepository: recovery?.source.repository ?? null,
    }),
  };
}

function stepsOf(run: ClaimedRun, { system, backup, level, from }: Request): VerificationStep[] {
  const step = { repeatable: true, ephemeral: true, owner: "mariadb" };
  const find: VerificationStep = {
    ...step,
    key: "find",
    title: "Find the backup",
    owner: "repositories",
    perform: async (ctx, shared) => {
      shared.recovery = await openRecovery(ctx, {
        system,
        at: "latest",
        from: from ?? undefined,
        backup,
        runId: run.id,
      });
      return findPoint(ctx, shared.recovery);
    },
  };
  const on = (key: string, title: string, perform: Parameters<typeof onRecovery>[0]): VerificationStep => ({
    ...step,
    key,
    title,
    perform: onRecovery(perform),
  });
  const depth = DEPTH[level];
  return [
    find,
    on("object", "Read every byte back and decrypt it", readBack),
    ...(depth < DEPTH.restore
      ? []
      : [
          on("fetch", "Fetch the log", fetchLog),
          on("load", "Load users and data", loadData),
          on("compare", "Compare with the manifest", compareContent),
        ]),
    ...(depth < DEPTH.replay
      ? []
      : [on("replay", "Replay the log", replayLog), on("heartbeat", "Find the heartbeat", requireHeartbeat)]),
    ...(depth < DEPTH.restore
      ? []
      : [on("check", "Check tables", checkTables), on("queries", "Run the system's own queries", runQueries)]),
  ];
}

async function storeVerdict(
  ctx: StepCtx,
  attempt: { run: ClaimedRun; request: Request; recovery: Recovery | undefined; error: ErrorSummary | undefined },
): Promise<void> {
  const { run, request, recovery, error } = attempt;
  if (!run.systemId) return;
  const verdict = judge(error);
  ctx.run.say(`verdict: ${verdict}`, verdict === "pass" ? "info" : "error");
  await recordVerdict(ctx, {
    systemId: run.systemId,
    backupId: request.backup,
    runId: run.id,
    repository: recovery?.source.repository ?? null,
    level: request.level,
    verdict,
    details: error ? { error: error.message } : { tables: recovery?.manifest?.tables.length ?? 0 },
  });
}

async function requireHeartbeat(ctx: StepCtx, recovery: Recovery): Promise<StepOutcome> {
  const outcome = await findHeartbeat(ctx, recovery);
  if (known(recovery.heartbeat, "the heartbeat") !== null) return outcome;
  throw new DamagedError("no heartbeat is in the recovered data", {
    hint: "Is the heartbeat's schema part of the backup? `holdfast doctor` says whether it is written.",
  });
}

/** A backup is bad only when its own bytes or content said so; anything else failed around it, and proves nothing. */
function judge(error: ErrorSummary | undefined): Verdict {
  if (!error) return "pass";
  return error.code === "DAMAGED" ? "backup-bad" : "environment-failed";
}
