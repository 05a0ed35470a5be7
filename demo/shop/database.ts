import { type Connection, createConnection, SqlError } from "mariadb";
import type { ShopSettings } from "./settings";

/** The database did not answer, or said no to the shop itself: the client may try again. */
export class DatabaseDownError extends Error {}

/** Codes of the server that mean "not now" rather than "your order is wrong": deadlock, lock wait, read only, shutdown,
 *  and, on a server that is still being recovered, what has no rights, schema, table or function yet. */
const NOT_NOW = new Set([1205, 1213, 1290, 1053, 1927, 1044, 1142, 1049, 1146, 1305]);

/**
 * Does work on a connection of its own and closes it. A connection a request costs 2 ms here and makes the shop
 * notice at once when another server has taken the database's address; a pool would try dead connections first
 * and wait ever longer between attempts.
 * @throws DatabaseDownError when the server is not there, is not itself yet, or went away
 */
export async function withDatabase<T>(
  settings: ShopSettings["database"],
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  let connection: Connection | undefined;
  try {
    connection = await createConnection({
      ...settings,
      connectTimeout: 1_000,
      socketTimeout: 5_000,
      timezone: "Z",
      trace: false,
    });
    return await work(connection);
  } catch (error) {
    const answered = connection !== undefined && error instanceof SqlError && !error.fatal && !NOT_NOW.has(error.errno);
    if (answered) throw error;
    throw new DatabaseDownError("the database cannot be used", { cause: error });
  } finally {
    connection?.destroy();
  }
}
