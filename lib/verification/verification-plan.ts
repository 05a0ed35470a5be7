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

/** The steps of an attempt to prove a backup at a level. */
export function planVerification(run: ClaimedRun): RunPlan<VerificationShared> {
  const { system, backup, level, from } = run.parameters as {
    system: string;
    backup: string;
    level: keyof typeof DEPTH;
    from: string | null;
  };
  const step = { repeatable: true, ephemeral: true, owner: "mariadb" };
  const find: VerificationStep = {
    ...step,
    key: "find",
    title: "Find the backup",
    owner: "repositories",
    perform: async (stepCtx, shared) => {
      shared.recovery = await openRecovery(stepCtx, {
        system,
        at: "latest",
        from: from ?? undefined,
        backup,
        runId: run.id,
      });
      return findPoint(stepCtx, shared.recovery);
    },
  };
  const steps: VerificationStep[] = [
    find,
    {
      ...step,
      key: "object",
      title: "Read every byte back and decrypt it",
      owner: "repositories",
      perform: onRecovery(readBack),
    },
  ];
  if (DEPTH[level] >= DEPTH.restore) {
    steps.push(
      { ...step, key: "fetch", title: "Fetch the log", owner: "repositories", perform: onRecovery(fetchLog) },
      { ...step, key: "load", title: "Load users and data", perform: onRecovery(loadData) },
      { ...step, key: "compare", title: "Compare with the manifest", perform: onRecovery(compareContent) },
    );
  }
  if (DEPTH[level] >= DEPTH.replay) {
    steps.push(
      { ...step, key: "replay", title: "Replay the log", perform: onRecovery(replayLog) },
      { ...step, key: "heartbeat", title: "Find the heartbeat", perform: onRecovery(requireHeartbeat) },
    );
  }
  if (DEPTH[level] >= DEPTH.restore) {
    steps.push(
      { ...step, key: "check", title: "Check tables", perform: onRecovery(checkTables) },
      { ...step, key: "queries", title: "Run the system's own queries", perform: onRecovery(runQueries) },
    );
  }
  return {
    shared: {},
    steps,
    cleanUp: async (cleanCtx, shared, ended) => {
      if (shared.recovery) await cleanUpRecovery(cleanCtx, shared.recovery, { server: false });
      if (ended.state === "aborted" || !run.systemId) return;
      const verdict = judge(ended.error);
      cleanCtx.run.say(`verdict: ${verdict}`, verdict === "pass" ? "info" : "error");
      await recordVerdict(cleanCtx, {
        systemId: run.systemId,
        backupId: backup,
        runId: run.id,
        repository: shared.recovery?.source.repository ?? null,
        level,
        verdict,
        details: ended.error
          ? { error: ended.error.message }
          : { tables: shared.recovery?.manifest?.tables.length ?? 0 },
      });
    },
    result: ({ recovery }) => ({
      verdict: "pass",
      level,
      backupId: backup,
      fromRepository: recovery?.source.repository ?? null,
    }),
  };
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
