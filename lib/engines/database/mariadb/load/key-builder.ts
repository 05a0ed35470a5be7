import type { Connection } from "../../port";
import { openSession } from "../connect";
import { quoteName } from "../server/initialize-data-directory";

/** A second connection that builds keys while the first goes on with rows. */
export interface KeyBuilder {
  /** Puts it behind those that wait. */
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

/** Opens the connection. Statements are carried out in the order of `add`. */
export async function openKeyBuilder(target: Connection, signal: AbortSignal): Promise<KeyBuilder> {
  const session = await openSession(target, { signal, queryTimeoutMs: 0 });
  try {
    for (const sql of SETTINGS) await session.rows("prepare to build keys", sql);
  } catch (error) {
    await session.close();
    throw error;
  }
  let last: Promise<unknown> = Promise.resolve();
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  return {
    add(schema, sql) {
      last = last.then(async () => {
        await session.rows("build the keys of a table", `USE ${quoteName(schema)}`);
        await session.rows("build the keys of a table", sql);
      });
      last.catch(fail);
    },
    drain: async () => {
      await last;
    },
    failed,
    close: () => session.close(),
  };
}
