import { rm } from "node:fs/promises";
import { startProgram } from "@/lib/engines/shared/process";
import { CancelledError } from "@/lib/kernel/errors";
import type { Connection, ReplayFacts, ReplayPlan } from "../../port";
import { ENGINE } from "../map-error";
import { makeTemporaryDirectory } from "../temporary-directory";
import { type CheckedPlan, checkPlan } from "./check-plan";
import { MAGIC } from "./event-types";
import { NameGuard } from "./guard-names";
import { REPLAY, type ReplayClient, startReplayClient } from "./replay-client";
import { checkReplayed, prepareReplayTarget, replayDamage } from "./replay-target";
import { ReplayProgress } from "./replay-progress";

export interface ReplayOptions {
  signal: AbortSignal;
  /** Log bytes that were handed to the target. */
  onProgress?: (bytes: number) => void;
}

const COMMITS = "(SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'COM_COMMIT')";
/** Without a log of its own the session keeps what the log's last transaction set. */
const SESSION_GTID = "CONCAT_WS('-', @@SESSION.gtid_domain_id, @@SESSION.server_id, @@SESSION.gtid_seq_no)";
const LAST_GTID = "@@SESSION.last_gtid";

/** Applies a plan, as the port says. The target is of use only when this resolves. */
export async function replayLog(target: Connection, plan: ReplayPlan, options: ReplayOptions): Promise<ReplayFacts> {
  const { signal } = options;
  const checked = await checkPlan(plan, signal);
  if (checked.transactions === 0) {
    return { transactions: 0, bytes: 0, lastGtid: null, gtidState: checked.endState, heartbeat: null, preparedXa: 0 };
  }
  const { hasLog } = await prepareReplayTarget(target, checked, signal);
  const progress = await ReplayProgress.of(checked.files, plan);
  await applyLog(target, { plan, checked, hasLog, progress }, options);
  const { preparedXa } = await checkReplayed(target, checked, signal);
  const { transactions, lastGtid, endState: gtidState, heartbeat } = checked;
  return { transactions, bytes: progress.total, lastGtid, gtidState, heartbeat, preparedXa };
}

interface Applying {
  plan: ReplayPlan;
  checked: CheckedPlan;
  hasLog: boolean;
  progress: ReplayProgress;
}

async function applyLog(target: Connection, work: Applying, options: ReplayOptions): Promise<void> {
  const directory = await makeTemporaryDirectory();
  const client = await startReplayClient(target, options.signal).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  try {
    const before = Number(await client.ask(COMMITS));
    await pump({ client, work, directory }, options);
    const commits = Number(await client.ask(COMMITS)) - before;
    const gtid = await client.ask(work.hasLog ? LAST_GTID : SESSION_GTID);
    await client.finish();
    assertApplied(work.checked, { commits, gtid });
  } catch (error) {
    if (options.signal.aborted) throw new CancelledError(`stopped while it had to ${REPLAY}`);
    throw error;
  } finally {
    await client.dispose();
    await rm(directory, { recursive: true, force: true });
  }
}

/** From MariaDB's reader to MariaDB's client. A word of warning from the reader is a failure: it goes on after those. */
async function pump(
  parts: { client: ReplayClient; work: Applying; directory: string },
  options: ReplayOptions,
): Promise<void> {
  const { client, work, directory } = parts;
  const own = new AbortController();
  const { child, done } = startProgram({
    engine: ENGINE,
    operation: REPLAY,
    program: "mariadb-binlog",
    args: [...readerArguments(work.plan, directory), ...work.checked.files],
    signal: AbortSignal.any([options.signal, own.signal]),
    hint: "Is every log file whole? Another repository may have an undamaged copy.",
  });
  const guard = new NameGuard(work.checked.brokenNames);
  try {
    for await (const chunk of child.stdout ?? []) {
      const text = guard.push(chunk as Buffer);
      await client.write(text);
      options.onProgress?.(work.progress.push(text));
    }
    await client.write(guard.end());
    const { stderr } = await done;
    if (stderr.trim() !== "") {
      throw replayDamage(
        `mariadb-binlog warned while it read the log: ${stderr.trim().split("\n")[0]?.slice(0, 200)}`,
        "Is every log file whole? Another repository may have an undamaged copy.",
      );
    }
  } finally {
    own.abort();
    await done.catch(() => undefined);
  }
}

/** By position: our own reader has tied start and end to their GTIDs, and every byte between to its checksum. */
function readerArguments(plan: ReplayPlan, directory: string): string[] {
  return [
    "--no-defaults",
    "--verify-binlog-checksum",
    `--start-position=${Math.max(plan.from.offset, MAGIC.length)}`,
    `--stop-position=${plan.end.offset}`,
    `--local-load=${directory}`,
    "--skip-annotate-row-events",
    "--skip-print-row-count",
    "--skip-print-row-event-positions",
  ];
}

function assertApplied(checked: CheckedPlan, applied: { commits: number; gtid: string }): void {
  const hint = "The target holds an unknown part of the log: start again with a fresh one.";
  if (applied.commits !== checked.commits) {
    throw replayDamage(
      `the target committed ${applied.commits} transactions where the log has ${checked.commits}`,
      hint,
    );
  }
  if (applied.gtid !== checked.lastGtid) {
    throw replayDamage(`the target's last transaction is ${applied.gtid}, not ${checked.lastGtid} as planned`, hint);
  }
}
