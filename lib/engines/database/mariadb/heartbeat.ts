import type { Connection, Heartbeat } from "../port";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { type Row, type Session, openSession, textOf, withSession } from "./connect";
import { HEARTBEAT_SCHEMA, HEARTBEAT_TABLE } from "./log/heartbeat-rows";
import { ENGINE } from "./map-error";

const TABLE = `${HEARTBEAT_SCHEMA}.${HEARTBEAT_TABLE}`;
/** Rows that are used again and again: the table stays one page in memory and in every dump. */
const SLOTS = 4_096n;
/** A beat that takes longer is one that failed. */
const BEAT_TIMEOUT_MS = 5_000;

/** The log's reader knows exactly these three columns, in this order. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${TABLE} (
  slot SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
  seq BIGINT UNSIGNED NOT NULL,
  at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB`;

const FIND_TABLE = `SELECT COUNT(*) AS found FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${HEARTBEAT_SCHEMA}' AND TABLE_NAME = '${HEARTBEAT_TABLE}'`;

// SYSDATE is the clock itself: neither the statement's beginning nor a SET timestamp. It also makes the server log the row, not the statement, where binlog_format is MIXED.
const BEAT = `INSERT INTO ${TABLE} (slot, seq, at) VALUES (?, ?, SYSDATE(6))
  ON DUPLICATE KEY UPDATE seq = VALUES(seq), at = VALUES(at)
  RETURNING seq, UNIX_TIMESTAMP(at) AS at`;

const NEWEST = `SELECT seq, UNIX_TIMESTAMP(at) AS at FROM ${TABLE} ORDER BY ${TABLE}.at DESC, seq DESC LIMIT 1`;

function heartbeatOf(row: Row | undefined): Heartbeat | null {
  const [seq, at] = [textOf(row, "seq"), textOf(row, "at")];
  if (seq === null || at === null) return null;
  const [seconds = "0", fraction = ""] = at.split(".");
  return { seq: BigInt(seq), at: new Date(Number(seconds) * 1_000 + Number(fraction.padEnd(3, "0").slice(0, 3))) };
}

/** Makes schema and table where they are missing. Nothing is written to the log where they are there. */
export async function prepareHeartbeat(connection: Connection, signal: AbortSignal): Promise<void> {
  await withSession(connection, { signal }, async (session) => {
    // CREATE … IF NOT EXISTS is logged even where it changes nothing, and would then look like a change of the schema.
    const [row] = await session.rows("look for the heartbeat's table", FIND_TABLE);
    if (textOf(row, "found") === "1") return;
    await session.rows("make the heartbeat's schema", `CREATE SCHEMA IF NOT EXISTS ${HEARTBEAT_SCHEMA}`);
    await session.rows("make the heartbeat's table", CREATE_TABLE);
  });
}

/** The newest heartbeat in a server's data; null where it has no table or no row. */
export async function newestHeartbeat(connection: Connection, signal: AbortSignal): Promise<Heartbeat | null> {
  return withSession(connection, { signal }, async (session) => {
    const [found] = await session.rows("look for the heartbeat's table", FIND_TABLE);
    if (textOf(found, "found") !== "1") return null;
    const [row] = await session.rows("read the heartbeat", NEWEST);
    return heartbeatOf(row);
  });
}

/** Beats over one kept connection. */
export interface HeartbeatWriter {
  /** One beat; resolves when the server acknowledged it. Rejects after 5 s, then the next one opens a new connection. */
  beat(seq: bigint, signal: AbortSignal): Promise<Heartbeat>;
  close(): Promise<void>;
}

/** Opens nothing yet: the first beat does. */
export function openHeartbeat(connection: Connection): HeartbeatWriter {
  let kept: { session: Promise<Session>; end: AbortController } | null = null;

  const open = (): Promise<Session> => {
    if (kept) return kept.session;
    const end = new AbortController();
    const options = { signal: end.signal, queryTimeoutMs: BEAT_TIMEOUT_MS, connectTimeoutMs: BEAT_TIMEOUT_MS };
    kept = { session: openSession(connection, options), end };
    return kept.session;
  };
  const drop = () => {
    kept?.end.abort();
    kept = null;
  };

  return {
    async beat(seq, signal) {
      if (signal.aborted) throw new CancelledError("stopped while it had to beat");
      signal.addEventListener("abort", drop, { once: true });
      try {
        const session = await open();
        const [row] = await session.rows("write the heartbeat", BEAT, [Number(seq % SLOTS), seq]);
        const beat = heartbeatOf(row);
        if (beat) return beat;
        throw new EngineError("the server did not give the heartbeat back that it wrote", {
          engine: ENGINE,
          operation: "write the heartbeat",
          permanent: true,
          hint: `Does the table ${TABLE} have the columns slot, seq and at, and no trigger?`,
        });
      } catch (error) {
        drop();
        if (signal.aborted) throw new CancelledError("stopped while it had to beat");
        throw error;
      } finally {
        signal.removeEventListener("abort", drop);
      }
    },
    async close() {
      const session = kept?.session;
      kept = null;
      await session?.then(
        (open) => open.close(),
        () => undefined,
      );
    },
  };
}
