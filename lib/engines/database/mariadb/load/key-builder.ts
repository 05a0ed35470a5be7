import type { Connection } from "../../port";
import { type Session, openSession } from "../connect";
import { quoteName } from "../server/initialize-data-directory";

/** Connections that build keys while another one goes on with rows. */
export interface KeyBuilder {
  /** Puts it behind those that wait. Several statements may be carried out at the same time, each of another table. */
  add(schema: string, sql: string): void;
  /** Resolves when nothing waits. @throws the first failure; later ones follow from it. */
  drain(): Promise<void>;
  /** Rejects with the first failure as soon as it happens; never resolves. */
  failed: Promise<never>;
  close(): Promise<void>;
}

const SETTINGS = [
  // As the dump's own head sets them.
  "SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', sql_notes = 0",
  // A foreign key of a table with history changes no row of it.
  "SET SESSION system_versioning_alter_history = 'KEEP'",
];

/** When the last rows are in, the keys of the tables before may still wait: one connection would leave a core idle. */
const LANES = 2;

async function openLane(target: Connection, signal: AbortSignal): Promise<Session> {
  const session = await openSession(target, { signal, queryTimeoutMs: 0 });
  try {
    for (const sql of SETTINGS) await session.rows("prepare to build keys", sql);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function openLanes(target: Connection, signal: AbortSignal): Promise<Session[]> {
  const opened = await Promise.allSettled(Array.from({ length: LANES }, () => openLane(target, signal)));
  const sessions = opened.flatMap((lane) => (lane.status === "fulfilled" ? [lane.value] : []));
  const failed = opened.find((lane) => lane.status === "rejected");
  if (!failed) return sessions;
  await Promise.all(sessions.map((session) => session.close()));
  throw failed.reason;
}

/** Opens the connections. */
export async function openKeyBuilder(target: Connection, signal: AbortSignal): Promise<KeyBuilder> {
  const sessions = await openLanes(target, signal);
  const free = [...sessions];
  const waiting: ((session: Session) => void)[] = [];
  const underWay = new Set<Promise<void>>();
  const take = () => {
    const session = free.shift();
    return session ? Promise.resolve(session) : new Promise<Session>((resolve) => waiting.push(resolve));
  };
  const give = (session: Session) => {
    const next = waiting.shift();
    if (next) next(session);
    else free.push(session);
  };
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const build = async (schema: string, sql: string) => {
    const session = await take();
    try {
      await session.rows("build the keys of a table", `USE ${quoteName(schema)}`);
      await session.rows("build the keys of a table", sql);
    } catch (error) {
      waiting.length = 0;
      throw error;
    }
    give(session);
  };
  return {
    add(schema, sql) {
      const work = build(schema, sql);
      underWay.add(work);
      work.then(() => underWay.delete(work), fail);
    },
    drain: async () => {
      await Promise.all(underWay);
    },
    failed,
    close: async () => {
      waiting.length = 0;
      await Promise.all(sessions.map((session) => session.close()));
    },
  };
}
