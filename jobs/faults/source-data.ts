import type { MariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { withSession } from "@/lib/engines/database/mariadb/connect";
import { newToken } from "@/lib/kernel/ids";

/** An account of the application: it comes back with the users, so that a test may look into a recovered server. */
export const READER = "reader";

const ROWS_PER_INSERT = 500;
const ROW_BYTES = 400;

/**
 * Tables of a shop: `items` (so many bytes of rows that hardly compress, past the log, so that the log stays short), and
 * the empty `orders` that tests write to. The marker stands in every row.
 */
export async function fillSource(
  source: MariadbServer,
  options: { dataBytes: number; marker: string; readerPassword: string },
): Promise<void> {
  const signal = new AbortController().signal;
  await withSession(source.root, { signal, queryTimeoutMs: 0 }, async (session) => {
    const run = (sql: string, values: readonly unknown[] = []) => session.rows("fill the source", sql, values);
    await run("SET SESSION sql_log_bin = 0");
    await run("CREATE DATABASE shop CHARACTER SET utf8mb4");
    await run("CREATE TABLE shop.items (id INT PRIMARY KEY, note VARCHAR(100) NOT NULL, body VARBINARY(400) NOT NULL)");
    await run(
      "CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(100) NOT NULL, at TIMESTAMP(6) NOT NULL)",
    );
    const rows = Math.ceil(options.dataBytes / ROW_BYTES);
    for (let from = 1; from <= rows; from += ROWS_PER_INSERT) {
      await run(
        `INSERT INTO shop.items SELECT seq, ?, RANDOM_BYTES(${ROW_BYTES}) FROM shop.seq_${from}_to_${Math.min(rows, from + ROWS_PER_INSERT - 1)}`,
        [options.marker],
      );
    }
    for (const host of ["localhost", "127.0.0.1"]) {
      await run(`CREATE USER ${READER}@'${host}' IDENTIFIED BY '${options.readerPassword}'`);
      await run(`GRANT SELECT ON *.* TO ${READER}@'${host}'`);
    }
  });
}

/** A client of the shop: writes orders and remembers what was acknowledged. */
export interface Writer {
  /** Ids of acknowledged orders. */
  acknowledged: number[];
  stop(): Promise<void>;
}

const PERIOD_MS = 50;

/** Writes about 20 orders a second until it is stopped, over restarts of the server; one that is refused is just not acknowledged. */
export function startWriter(source: MariadbServer, marker: string): Writer {
  const stopping = new AbortController();
  const acknowledged: number[] = [];
  const pause = () => new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  const write = () =>
    withSession(source.root, { signal: new AbortController().signal }, async (session) => {
      while (!stopping.signal.aborted) {
        const rows = await session.rows(
          "write an order",
          "INSERT INTO shop.orders (note, at) VALUES (?, NOW(6)) RETURNING id",
          [`${marker} ${newToken(4)}`],
        );
        acknowledged.push(Number(rows[0]?.id));
        await pause();
      }
    });
  const writeOn = async () => {
    while (!stopping.signal.aborted) await write().catch(pause);
  };
  const work = writeOn();
  return {
    acknowledged,
    stop: () => {
      stopping.abort();
      return work;
    },
  };
}
