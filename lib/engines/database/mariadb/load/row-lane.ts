import type { Connection } from "../../port";
import { withSession } from "../connect";
import { type RowLoader, createRowLoader } from "./row-loader";
import { makeRowPipe } from "./row-pipe";
import { type SqlClient, startSqlClient } from "./sql-client";

/** A connection that takes rows. */
export interface RowLane {
  client: SqlClient;
  loader: RowLoader;
  /** Ends what it opened itself. */
  close(): Promise<void>;
}

export interface RowLaneOptions {
  operation: string;
  signal: AbortSignal;
  /** To use instead of a client of its own. */
  client?: SqlClient;
}

/** Opens it; null where the target reads nothing from this machine. @throws EngineError */
export async function openRowLane(target: Connection, options: RowLaneOptions): Promise<RowLane | null> {
  const { operation, signal } = options;
  const pipe = await withSession(target, { signal }, (session) => makeRowPipe(session, signal));
  if (!pipe) return null;
  try {
    const own = options.client ? null : await startSqlClient(target, operation, signal);
    const client = options.client ?? own;
    if (!client) return null;
    const loader = createRowLoader(client, pipe);
    return {
      client,
      loader,
      async close() {
        loader.dispose();
        await own?.dispose();
        await pipe.remove();
      },
    };
  } catch (error) {
    await pipe.remove();
    throw error;
  }
}
