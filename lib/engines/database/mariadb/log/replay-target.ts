import { EngineError } from "@/lib/kernel/errors";
import type { Connection, Heartbeat } from "../../port";
import { type Session, numberOf, textOf, withSession } from "../connect";
import { ENGINE } from "../map-error";
import type { CheckedPlan } from "./check-plan";
import { HEARTBEAT_SCHEMA, HEARTBEAT_TABLE } from "./heartbeat-rows";
import { REPLAY } from "./replay-client";

const PACKET_BYTES = 2 ** 30;

/** A target that says no. Nothing of it mends itself. */
export function replayRefusal(message: string, hint: string): EngineError {
  return new EngineError(message, { engine: ENGINE, operation: REPLAY, permanent: true, hint });
}

/** A proof that says no: what the target has is not what the log says. */
export function replayDamage(message: string, hint: string): EngineError {
  return new EngineError(message, { engine: ENGINE, operation: REPLAY, permanent: true, hint, kind: "damage" });
}

const SETTINGS = `SELECT @@GLOBAL.slave_exec_mode AS mode, @@GLOBAL.gtid_strict_mode AS strict, @@GLOBAL.log_bin AS log,
  @@GLOBAL.gtid_slave_pos AS position, @@GLOBAL.max_allowed_packet AS packet, @@GLOBAL.local_infile AS files`;

/**
 * Makes sure that the target can take the log and has had nothing of it, and marks it: its `gtid_slave_pos` becomes
 * the planned end before the first event. A replay that broke off leaves a target that no second one accepts.
 * @throws EngineError
 */
export async function prepareReplayTarget(
  target: Connection,
  plan: CheckedPlan,
  signal: AbortSignal,
): Promise<{ hasLog: boolean }> {
  return withSession(target, { signal }, async (session) => {
    const [row] = await session.rows("read the target's settings", SETTINGS);
    const hasLog = textOf(row, "log") === "1";
    if (textOf(row, "mode") === "IDEMPOTENT") {
      throw replayRefusal(
        "the target has slave_exec_mode=IDEMPOTENT: rows that do not fit would pass without a word",
        "SET GLOBAL slave_exec_mode = STRICT on the target.",
      );
    }
    if (hasLog && textOf(row, "strict") === "1") {
      throw replayRefusal(
        "the target writes a log of its own under gtid_strict_mode: it would refuse transactions that are right",
        "SET GLOBAL gtid_strict_mode = OFF on the target for the time of the recovery.",
      );
    }
    assertFresh(textOf(row, "position") ?? "", plan);
    await widenPackets(session, { now: numberOf(row, "packet"), plan });
    await session.rows("mark the target as replayed", "SET GLOBAL gtid_slave_pos = ?", [plan.endState]);
    return { hasLog };
  });
}

/** Every domain and server of the plan must begin after what the target has. */
function assertFresh(position: string, plan: CheckedPlan): void {
  for (const gtid of position.split(",").filter(Boolean)) {
    const [domain, server, sequence] = gtid.split("-");
    const first = plan.firsts.get(`${domain}-${server}`);
    if (first === undefined || BigInt(sequence ?? 0) < first) continue;
    throw replayRefusal(
      `the target is at ${gtid} and has had this log, or a part of it, already: the replay begins at ${domain}-${server}-${first}`,
      "Load the backup into a fresh server: a log is replayed once, and never into a server where a replay broke off.",
    );
  }
}

/** Rows travel as text that is a third larger. */
async function widenPackets(session: Session, { now, plan }: { now: number; plan: CheckedPlan }): Promise<void> {
  if (plan.largestEventBytes > PACKET_BYTES / 1.4) {
    throw replayRefusal(
      `the log holds an event of ${plan.largestEventBytes} bytes: no client of MariaDB can send it`,
      "Recover to a point before it, or from a full backup after it.",
    );
  }
  if (now < PACKET_BYTES) {
    await session.rows("let the target take packets of 1 GB", `SET GLOBAL max_allowed_packet = ${PACKET_BYTES}`);
  }
}

/** What only the target's data can tell after a replay. @throws EngineError where the last heartbeat is not in it */
export async function checkReplayed(
  target: Connection,
  plan: CheckedPlan,
  signal: AbortSignal,
): Promise<{ preparedXa: number }> {
  return withSession(target, { signal }, async (session) => {
    if (plan.heartbeat && plan.isHeartbeatKept) await assertHeartbeat(session, plan.heartbeat);
    const prepared = await session.rows("list prepared transactions", "XA RECOVER");
    return { preparedXa: prepared.length };
  });
}

async function assertHeartbeat(session: Session, { seq, at }: Heartbeat): Promise<void> {
  const rows = await session.rows(
    "find the last heartbeat",
    `SELECT FLOOR(UNIX_TIMESTAMP(at) * 1000) AS at FROM ${HEARTBEAT_SCHEMA}.${HEARTBEAT_TABLE} WHERE seq = ?`,
    [seq],
  );
  if (rows.some((row) => numberOf(row, "at") === at.getTime())) return;
  throw replayDamage(
    `the heartbeat ${seq} of ${at.toISOString()}, the last that was replayed, is not in the target's data`,
    "Does something else write to the target, or does it leave out the heartbeat's schema?",
  );
}
