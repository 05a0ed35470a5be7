import { basename } from "node:path";
import type { Heartbeat, LogPosition, ReplayPlan } from "../../port";
import { logDamage } from "./damage";
import type { LogChain } from "./log-chain";
import { readBatches } from "./read-log";
import type { TrackedTransaction } from "./track-transactions";

/** What a replay of the plan will do, counted by our own reader before anything is applied. */
export interface CheckedPlan {
  /** Those that are needed. */
  files: string[];
  transactions: number;
  /** COMMIT statements that the target will carry out. */
  commits: number;
  /** Log bytes from start to end, over all files. */
  lastGtid: string | null;
  /** Newest GTID of each domain at the end, as the server writes such a list. */
  endState: string;
  /** First sequence of each domain and server that is applied, as `domain-server`. */
  firsts: Map<string, bigint>;
  heartbeat: Heartbeat | null;
  /** Nothing after the last heartbeat could have taken it away again. */
  isHeartbeatKept: boolean;
  largestEventBytes: number;
  /** Tables with a line break in their names, as MariaDB's reader prints them. */
  brokenNames: Set<string>;
}

const PLAN_HINT = "Were point and files taken from the same log, and is every segment up to the point fetched?";

function parseGtids(list: string): string[] {
  return list.split(",").flatMap((gtid) => gtid.trim() || []);
}

/** The start's file, offset and GTIDs must be one and the same place. */
function checkStart(chain: LogChain, from: LogPosition): void {
  const gtids = parseGtids(from.gtid);
  const domains = gtids.map((gtid) => Number(gtid.split("-")[0]));
  const wrong = gtids.find((gtid) => chain.isAt(gtid) === false);
  const missing = chain.domains().find((domain) => !domains.includes(domain));
  if (wrong === undefined && missing === undefined) return;
  const why = wrong ? `${wrong} is not the newest there` : `domain ${missing} is in use there`;
  throw logDamage(`the log does not fit the backup: at ${from.offset} of "${from.file}", ${why}`, PLAN_HINT);
}

/** Reads every event from start to end. @throws EngineError where the plan does not fit the files, or they are damaged */
export async function checkPlan(plan: ReplayPlan, signal: AbortSignal): Promise<CheckedPlan> {
  const files = filesOf(plan);
  const checked = noTransactions(plan, files);
  const domains = new Map(parseGtids(plan.from.gtid).map((gtid) => [Number(gtid.split("-")[0]), gtid]));
  if (plan.end.gtid === null) return checkEmpty(plan, checked);
  const onStart = (chain: LogChain) => checkStart(chain, plan.from);
  let isComplete = false;
  for await (const batch of readBatches(files, plan.from.offset, { signal, onStart })) {
    for (const transaction of batch) {
      isComplete = addTransaction(checked, transaction, plan);
      domains.set(transaction.domain, transaction.gtid);
      if (isComplete) break;
    }
    if (isComplete) break;
  }
  if (!isComplete) throw endIsMissing(plan, checked);
  if (checked.lastGtid !== plan.end.gtid) throw otherEnd(plan, checked);
  return { ...checked, endState: [...domains.values()].join(",") };
}

function filesOf(plan: ReplayPlan): string[] {
  const names = plan.files.map((path) => basename(path));
  const [first, last] = [names.indexOf(plan.from.file), names.indexOf(plan.end.file)];
  if (first === 0 && last >= 0) return plan.files.slice(0, last + 1);
  const missing = first === 0 ? plan.end.file : plan.from.file;
  throw logDamage(`the log file "${missing}" that the replay needs is not there`, PLAN_HINT);
}

function noTransactions(plan: ReplayPlan, files: string[]): CheckedPlan {
  return {
    files,
    transactions: 0,
    commits: 0,
    lastGtid: null,
    endState: plan.from.gtid,
    firsts: new Map(),
    heartbeat: null,
    isHeartbeatKept: true,
    largestEventBytes: 0,
    brokenNames: new Set(),
  };
}

function checkEmpty(plan: ReplayPlan, checked: CheckedPlan): CheckedPlan {
  const { from, end } = plan;
  if (from.file === end.file && from.offset === end.offset) return checked;
  throw logDamage("a replay without a last transaction must end where it begins", PLAN_HINT);
}

/** Returns whether it is the last. @throws EngineError where the end lies inside it */
function addTransaction(checked: CheckedPlan, transaction: TrackedTransaction, { end }: ReplayPlan): boolean {
  const isInEndFile = transaction.file === end.file;
  if (isInEndFile && transaction.endOffset > end.offset) {
    throw logDamage(`offset ${end.offset} of the log file "${end.file}" is not the end of a transaction`, PLAN_HINT);
  }
  checked.transactions += 1;
  checked.lastGtid = transaction.gtid;
  if (transaction.ending === "commit") checked.commits += 1;
  const key = `${transaction.domain}-${transaction.serverId}`;
  if (!checked.firsts.has(key)) checked.firsts.set(key, transaction.sequence);
  checked.largestEventBytes = Math.max(checked.largestEventBytes, transaction.largestEventBytes);
  for (const name of transaction.brokenNames) checked.brokenNames.add(name);
  if (transaction.heartbeat) checked.heartbeat = transaction.heartbeat;
  if (transaction.heartbeat) checked.isHeartbeatKept = true;
  else if (transaction.changesSchema) checked.isHeartbeatKept = false;
  return isInEndFile && transaction.endOffset === end.offset;
}

function endIsMissing({ end }: ReplayPlan, { lastGtid }: CheckedPlan): Error {
  const reached = lastGtid ? `ends after ${lastGtid}` : "holds no whole transaction";
  return logDamage(
    `the log does not reach the end of the plan, ${end.gtid} at ${end.offset} of "${end.file}": it ${reached}`,
    PLAN_HINT,
  );
}

function otherEnd({ end }: ReplayPlan, { lastGtid }: CheckedPlan): Error {
  return logDamage(
    `the transaction that ends at ${end.offset} of "${end.file}" is ${lastGtid}, not ${end.gtid}`,
    PLAN_HINT,
  );
}
