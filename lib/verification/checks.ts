import type { VerificationLevel } from "@/lib/backups/schemas";
import { DamagedError } from "@/lib/kernel/errors";
import {
  type Recovery,
  checkTables,
  compareContent,
  fetchLog,
  findHeartbeat,
  findPoint,
  known,
  loadData,
  openRecovery,
  readBack,
  replayLog,
  runQueries,
} from "@/lib/recovery";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { type SystemDeclaration, hasLog, isDatabase } from "@/lib/settings/schemas";
import type { Attempt, Check } from "./attempt";
import { compareWithLastRuns } from "./compare-with-last-runs";
import { treeChecksOf } from "./tree-checks";
import { tryApplication } from "./try-application";

/** How far each level goes; the next one includes the one before. */
const DEPTH = { object: 1, restore: 2, replay: 3, application: 4 } as const satisfies Record<VerificationLevel, number>;

/**
 * The checks of a level, in order. A system without a log has nothing to replay: its application is then tried on the
 * restored copy itself.
 */
export function checksOf(level: VerificationLevel, declaration: SystemDeclaration | undefined): Check[] {
  if (declaration && !isDatabase(declaration)) return treeChecksOf(level, declaration);
  const depth = DEPTH[level];
  const replays = depth === DEPTH.replay || (depth > DEPTH.replay && hasLog(declaration));
  return [
    { key: "find", title: "Find the backup", owner: "repositories", perform: find },
    on("object", "Read every byte back, decrypt it and look through it", readBack),
    { key: "band", title: "Compare with the last runs", owner: "verification", perform: compareWithLastRuns },
    ...(depth < DEPTH.restore ? [] : restoreChecks(replays)),
    ...(replays
      ? [on("replay", "Replay the log", replayLog), on("heartbeat", "Find the heartbeat", requireHeartbeat)]
      : []),
    ...(depth < DEPTH.restore
      ? []
      : [on("check", "Check tables", checkTables), on("queries", "Run the system's own queries", runQueries)]),
    ...(depth < DEPTH.application
      ? []
      : [
          {
            key: "application",
            title: "Start the application on the copy",
            owner: "application",
            perform: tryApplication,
          },
        ]),
  ];
}

/** Loading and comparing; the log is fetched where it is replayed. */
export function restoreChecks(replays: boolean): Check[] {
  return [
    ...(replays ? [on("fetch", "Fetch the log", fetchWholeLog)] : []),
    on("load", "Load users and data", loadData),
    on("compare", "Compare with the manifest", compareContent),
  ];
}

/** Puts a recovery's own function behind a check. */
export function on(
  key: string,
  title: string,
  perform: (ctx: StepCtx, recovery: Recovery) => Promise<StepOutcome>,
): Check {
  return {
    key,
    title,
    owner: "mariadb",
    perform: (ctx, attempt) => perform(ctx, known(attempt.recovery, "the recovery")),
  };
}

async function find(ctx: StepCtx, attempt: Attempt): Promise<StepOutcome> {
  const { system, backup, from, runId } = attempt.request;
  attempt.recovery = await openRecovery(ctx, { system, at: "latest", from: from ?? undefined, backup, runId });
  return findPoint(ctx, attempt.recovery);
}

/** The log from the full to its newest byte. One that breaks off, or does not follow at all, cannot be replayed to there. */
export async function fetchWholeLog(ctx: StepCtx, recovery: Recovery): Promise<StepOutcome> {
  const { hole, source } = recovery;
  if (hole) {
    throw new DamagedError(`the log has a hole at byte ${hole.from} of "${hole.file}"`, {
      hint: `Nothing after it can be reached from "${source.repository}": look at another repository, and take a new full backup.`,
    });
  }
  if (recovery.pieces?.length === 0) {
    throw new DamagedError(`no log follows this backup in "${source.repository}"`, {
      hint: "It can be restored as it is, and not to any later point: take a new full backup while the log is collected.",
    });
  }
  return fetchLog(ctx, recovery);
}

export async function requireHeartbeat(ctx: StepCtx, recovery: Recovery): Promise<StepOutcome> {
  const outcome = await findHeartbeat(ctx, recovery);
  if (known(recovery.heartbeat, "the heartbeat") !== null) return outcome;
  throw new DamagedError("no heartbeat is in the recovered data", {
    hint: "Is the heartbeat's schema part of the backup? `holdfast doctor` says whether it is written.",
  });
}
