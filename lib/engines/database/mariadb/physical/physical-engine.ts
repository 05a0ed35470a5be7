import type { Connection, PhysicalEngine } from "../../port";
import { backupFiles } from "./backup-files";
import { findPhysicalHazards } from "./find-physical-hazards";
import { restoreFiles } from "./restore-files";

/** The part of the engine that is about the server's files; MariaDB's own `mariadb-backup` and `mbstream` do the work. */
export function createPhysicalEngine(connection: Connection): PhysicalEngine {
  return {
    findHazards: (signal) => findPhysicalHazards(connection, signal),
    backup: (plan, options) => backupFiles(connection, plan, options),
    restore: (options) => restoreFiles(options, [connection.user]),
  };
}
