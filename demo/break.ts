import { rmSync } from "node:fs";
import { join } from "node:path";
import { findServerOn } from "./parts/database-part";
import { markDown, readDown } from "./parts/down";
import type { Layout } from "./parts/layout";
import { killProcess } from "./parts/process-mark";

/** What `break` knows. */
export const BREAKABLE = ["database"] as const;

/**
 * Loses the primary: kill -9 of its server, and its data directory removed. Works from any process; the estate's watch
 * knows of it and does not start it again. Resolves with the instant before the kill.
 * @throws Error when it is broken already
 */
export async function breakDatabase(layout: Layout): Promise<Date> {
  const down = readDown(layout, "database");
  if (down?.reason === "broken") throw new Error(`the database is broken already, since ${down.at.toISOString()}`);
  const { at } = markDown(layout, "database", "broken");
  const server = findServerOn(join(layout.database, "data"));
  if (server) await killProcess(server);
  rmSync(layout.database, { recursive: true, force: true });
  return at;
}
