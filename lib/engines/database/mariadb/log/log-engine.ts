import type { Connection, DatabaseEngine } from "../../port";
import { newestHeartbeat, openHeartbeat, prepareHeartbeat } from "../heartbeat";
import { assembleLog } from "./assemble-log";
import { collectLog } from "./collect-log";
import { findDisturbances } from "./find-disturbances";
import { measureLog } from "./log-facts";
import { readLog } from "./read-log";
import { replayLog } from "./replay-log";
import { rotateLog } from "./rotate-log";

export type LogEngine = Pick<
  DatabaseEngine,
  | "findDisturbances"
  | "prepareHeartbeat"
  | "beat"
  | "newestHeartbeat"
  | "rotateLog"
  | "collectLog"
  | "measureLog"
  | "assembleLog"
  | "readLog"
  | "replay"
>;

/** The half of the engine that is about the log. `close` ends the heartbeat's kept connection. */
export function createLogEngine(connection: Connection): LogEngine & { close(): Promise<void> } {
  const heartbeat = openHeartbeat(connection);
  return {
    findDisturbances: (from, to, signal) => findDisturbances(connection, { from, to }, signal),
    prepareHeartbeat: (signal) => prepareHeartbeat(connection, signal),
    beat: (seq, signal) => heartbeat.beat(seq, signal),
    newestHeartbeat,
    rotateLog: (signal) => rotateLog(connection, signal),
    collectLog: (options) => collectLog(connection, options),
    measureLog,
    assembleLog,
    readLog,
    replay: replayLog,
    close: () => heartbeat.close(),
  };
}
