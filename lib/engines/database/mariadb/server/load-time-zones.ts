import { pipeline } from "node:stream/promises";
import { startProgram } from "@/lib/engines/shared/process";
import type { Connection } from "../../port";
import { ENGINE } from "../map-error";
import { writeDefaultsFile } from "../defaults-file";
import { findServerProgram } from "./server-programs";

const OPERATION = "load the time zones";
const ZONES = "/usr/share/zoneinfo";

/** Fills the server's time-zone tables from the machine's: named zones in events and sessions mean nothing without them. */
export async function loadTimeZones(connection: Connection, signal: AbortSignal): Promise<void> {
  const common = {
    engine: ENGINE,
    operation: OPERATION,
    signal,
    hint: `Is Debian's package tzdata installed, and "${ZONES}" there?`,
  };
  const program = await findServerProgram("mariadb-tzinfo-to-sql");
  const defaults = await writeDefaultsFile(connection);
  try {
    const reader = startProgram({ ...common, program, args: [ZONES] });
    const client = startProgram({
      ...common,
      program: "mariadb",
      args: [defaults.argument, "--skip-print-query-on-error", "mysql"],
      stdio: ["pipe", "ignore", "pipe"],
    });
    if (reader.child.stdout && client.child.stdin) await pipeline(reader.child.stdout, client.child.stdin);
    await Promise.all([reader.done, client.done]);
  } finally {
    await defaults.remove();
  }
}
