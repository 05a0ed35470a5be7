import type { Connection } from "../port";
import { textOf, withSession } from "./connect";

/** The first column of the first row of the owner's own check, as text; null for no row or NULL. Ends after 10 minutes. */
export async function queryFirst(target: Connection, sql: string, signal: AbortSignal): Promise<string | null> {
  return withSession(target, { signal, queryTimeoutMs: 600_000 }, async (session) => {
    const [row] = await session.rows("answer a check's query", sql);
    const [column] = Object.keys(row ?? {});
    return column === undefined ? null : textOf(row, column);
  });
}
