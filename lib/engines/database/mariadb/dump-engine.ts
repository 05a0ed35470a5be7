import type { Connection, DatabaseEngine } from "../port";
import { checkTables } from "./check-tables";
import { withSession } from "./connect";
import { countObjects } from "./count-objects";
import { digestTables } from "./digest-tables";
import { dumpData } from "./dump";
import { dumpUsers } from "./dump-users";
import { findHazards } from "./find-hazards";
import { inspectServer } from "./inspect";
import { loadData } from "./load";
import { loadUsersPart } from "./load-users";
import { measureDump } from "./measure-dump";
import { queryFirst } from "./query";
import { startScratch } from "./scratch-server";
import { removeScratch } from "./server/sweep-scratch";

export type DumpEngine = Pick<
  DatabaseEngine,
  | "inspect"
  | "findHazards"
  | "dumpUsers"
  | "dump"
  | "startScratch"
  | "removeScratch"
  | "loadUsers"
  | "loadGrants"
  | "load"
  | "checkTables"
  | "measureDump"
  | "countObjects"
  | "digestTables"
  | "query"
>;

/** The half of the engine that needs no log. */
export function createDumpEngine(connection: Connection): DumpEngine {
  const locked = [connection.user];
  return {
    inspect: (signal) => inspectServer(connection, signal),
    findHazards: (signal) => findHazards(connection, signal),
    dumpUsers: (signal) => dumpUsers(connection, signal),
    dump: (plan, options) => dumpData(connection, plan, options),
    startScratch,
    removeScratch,
    loadUsers: (target, sql, signal) => loadUsersPart(target, sql, { part: "accounts", locked, signal }),
    loadGrants: (target, sql, signal) => loadUsersPart(target, sql, { part: "object-rights", locked, signal }),
    load: loadData,
    checkTables,
    measureDump,
    countObjects: async (target, schemas, signal) => {
      const { views, triggers, routines, events, sequences } = await withSession(target, { signal }, (session) =>
        countObjects(session, schemas),
      );
      return { views, triggers, routines, events, sequences };
    },
    digestTables,
    query: queryFirst,
  };
}
