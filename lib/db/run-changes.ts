import pg from "pg";
import type { Logger } from "@/lib/kernel/log";

const CHANNEL = "run";
const RECONNECT_MS = 1_000;

export interface RunChanges {
  /** Calls `listener` after each change of a run, its steps or its log; @returns how to stop. */
  watch(runId: string, listener: () => void): () => void;
  close(): Promise<void>;
}

/** One connection that hears of every run's changes (NOTIFY of the database's own triggers). A lost connection is made
 *  again; what changed meanwhile is not told, so whoever watches asks by itself now and then too. */
export function openRunChanges(connectionString: string, log: Logger): RunChanges {
  const listeners = new Map<string, Set<() => void>>();
  let client: pg.Client | null = null;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const reconnect = () => {
    client = null;
    if (isClosed) return;
    clearTimeout(timer);
    timer = setTimeout(connect, RECONNECT_MS);
  };
  const connect = () => {
    const next = new pg.Client({ connectionString, application_name: "holdfast-run-changes" });
    client = next;
    next.on("notification", ({ payload }) => {
      for (const listener of listeners.get(payload ?? "") ?? []) listener();
    });
    next.on("error", (err: unknown) => {
      log.warn({ err }, "the connection that hears of run changes was lost");
    });
    next.on("end", reconnect);
    next
      .connect()
      .then(() => next.query(`LISTEN ${CHANNEL}`))
      .catch((err: unknown) => {
        log.warn({ err }, "run changes cannot be heard");
        reconnect();
      });
  };
  connect();

  return {
    watch(runId, listener) {
      const set = listeners.get(runId) ?? new Set();
      listeners.set(runId, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(runId) === set) listeners.delete(runId);
      };
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end();
    },
  };
}
