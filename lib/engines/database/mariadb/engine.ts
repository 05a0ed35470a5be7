import { rm } from "node:fs/promises";
import type { Connection, DatabaseEngine } from "../port";
import { createDumpEngine } from "./dump-engine";
import { createLogEngine } from "./log/log-engine";
import { createPhysicalEngine } from "./physical/physical-engine";

/** Everything that Holdfast asks of a MariaDB server, bound to its connection; MariaDB's own programs do the work. */
export function createMariadbEngine(connection: Connection): DatabaseEngine {
  return {
    ...createDumpEngine(connection),
    ...createLogEngine(connection),
    physical: createPhysicalEngine(connection),
    removeLog: (directory) => rm(directory, { recursive: true, force: true }),
  };
}
