import { DamagedError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/** CHECK TABLE of everything in the recovered server. */
export async function checkTables(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const server = known(recovery.server, "the server");
  const { checked, broken } = await recovery.engine.checkTables(server.connection, ctx.signal);
  const [first] = broken;
  if (first) {
    throw new DamagedError(`${broken.length} of ${checked} tables are not well: ${first.table}: ${first.message}`, {
      hint: "Restore another backup; look at the memory and disk of this machine.",
    });
  }
  const minimum = recovery.verify.minimumTables;
  if (minimum !== undefined && checked < minimum) {
    throw new DamagedError(`only ${checked} tables came back where ${minimum} are expected at least`, {
      hint: "Is this the right backup? `verify.minimumTables` in holdfast.yaml sets the bound.",
    });
  }
  return { summary: `${checked} tables are well`, checked };
}

/** The owner's own questions to the recovered data, each with its least answer. */
export async function runQueries(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const server = known(recovery.server, "the server");
  const { queries } = recovery.verify;
  for (const { sql, atLeast } of queries) {
    const answer = await recovery.engine.query(server.connection, sql, ctx.signal);
    const value = answer === null ? Number.NaN : Number(answer);
    // The answer itself may be data: only its relation to the bound is told.
    if (!(value >= atLeast)) {
      throw new DamagedError(`the query "${sql}" did not answer at least ${atLeast}`, {
        hint: "Look at the recovered data; the bound stands under `verify.queries` in holdfast.yaml.",
      });
    }
    ctx.run.say(`${sql}: at least ${atLeast}`);
  }
  return {
    summary: queries.length === 0 ? "no queries are declared" : `${queries.length} queries answered as declared`,
  };
}

/**
 * The full was chosen by this machine's clock and the heartbeats carry the database's: where the two differ, only the
 * data can tell that it is not newer than what was asked for.
 */
function refuseLaterData({ point, heartbeat }: Recovery): void {
  if (point.kind !== "time" || !heartbeat || heartbeat.at <= point.at) return;
  throw new DamagedError(
    `the recovered data holds a heartbeat of ${heartbeat.at.toISOString()}, which is after the point that was asked for`,
    { hint: "Do the clocks of the database and of its runner differ? An earlier full backup reaches the point." },
  );
}

/**
 * Where no heartbeat lies between the full and the point, the log alone knows only the times of events, and any client
 * can set those to 2001.
 */
function tellTime(recovery: Recovery): void {
  const { restoredTo, heartbeat } = recovery;
  if (restoredTo && heartbeat) recovery.restoredTo = { ...restoredTo, time: heartbeat.at.toISOString() };
}

/** The newest heartbeat in the recovered data: what the recovery really brought back. */
export async function findHeartbeat(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const server = known(recovery.server, "the server");
  recovery.heartbeat = await recovery.engine.newestHeartbeat(server.connection, ctx.signal);
  refuseLaterData(recovery);
  tellTime(recovery);
  return recovery.heartbeat
    ? {
        summary: `heartbeat ${recovery.heartbeat.seq} of ${recovery.heartbeat.at.toISOString()}`,
        at: recovery.heartbeat.at.toISOString(),
      }
    : { summary: "no heartbeat in the recovered data: its age is unknown" };
}
