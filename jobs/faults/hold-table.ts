import type { MariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { openSession } from "@/lib/engines/database/mariadb/connect";
import { untilFound } from "./run-facts";

/** A table that the next dump stands still in front of. */
export interface HeldTable {
  untilDumpWaits(): Promise<unknown>;
  /** Also when the server was stopped meanwhile. */
  release(): Promise<void>;
}

/** Holds the table that a dump of the source reads first. */
export async function holdTable(source: MariadbServer): Promise<HeldTable> {
  const lock = await openSession(source.root, { signal: new AbortController().signal, queryTimeoutMs: 0 });
  await lock.rows("hold a table", "LOCK TABLES shop.items WRITE");
  return {
    release: () => lock.close(),
    untilDumpWaits: () =>
      untilFound("a dump that waits", async () => {
        const rows = await source.run("SHOW FULL PROCESSLIST");
        return rows.some((row) => row.User === "holdfast" && row.State === "Waiting for table metadata lock");
      }),
  };
}
