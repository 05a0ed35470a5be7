import type { Hazard } from "../../port";
import { GLOBAL_RIGHTS, HEARTBEAT_RIGHTS, HEARTBEAT_SCHEMA, PHYSICAL_RIGHTS } from "../least-privileges";
import type { Rights } from "../read-rights";
import { isAtLeast, type ServerVersion } from "./server-version";

/** Needed on every schema; the first says what goes without a word where it is missing. */
const SCHEMA_RIGHTS = [
  {
    right: "TRIGGER",
    id: "missing-trigger-right",
    consequence: "its triggers would be left out of the dump without a word",
  },
  { right: "EVENT", id: "missing-event-right", consequence: "its events could not be dumped" },
  { right: "SELECT", id: "missing-right", consequence: "its tables, or some of them, would be left out of the dump" },
  { right: "SHOW VIEW", id: "missing-right", consequence: "its views could not be dumped" },
] as const;

/** Only for the whole server. `effect` as in the port. */
const SERVER_RIGHTS = [
  { right: "RELOAD", effect: "refuse", consequence: "a snapshot with its position could not be taken" },
  { right: "BINLOG MONITOR", effect: "refuse", consequence: "the log's position could not be read" },
  { right: "REPLICATION SLAVE", effect: "warn", consequence: "the log could not be followed" },
  { right: "REPLICATION MASTER ADMIN", effect: "warn", consequence: "connected replicas could not be listed" },
] as const;

/** Instead, for backups of files. */
const PHYSICAL_SERVER_RIGHTS = [
  { right: "SELECT", effect: "refuse", consequence: "its tables could not be listed" },
  { right: "RELOAD", effect: "refuse", consequence: "the files could not be copied together with their position" },
  { right: "PROCESS", effect: "refuse", consequence: "the tool could not read the state of InnoDB" },
  ...SERVER_RIGHTS.filter(({ right }) => right !== "RELOAD"),
] as const;

const HINT = `Give the account its least privileges: GRANT ${GLOBAL_RIGHTS.map(({ right }) => right).join(", ")} ON *.* TO it.`;

function findSchemaRightHazards(rights: Rights, schemas: readonly string[]): Hazard[] {
  return SCHEMA_RIGHTS.flatMap(({ right, id, consequence }) =>
    schemas
      .filter((schema) => !rights.hasOnSchema(right, schema))
      .map((schema) => ({
        id,
        effect: "refuse" as const,
        object: `${right} on ${schema}`,
        message: `the account lacks the right ${right} on schema "${schema}": ${consequence}`,
        hint: HINT,
      })),
  );
}

/** From 11.3 a right of its own shows routines; before, only reading their table does. */
function canSeeRoutines(rights: Rights, version: ServerVersion, schemas: readonly string[]): boolean {
  if (rights.hasOnTable("SELECT", "mysql", "proc")) return true;
  return isAtLeast(version, 11, 3) && schemas.every((schema) => rights.hasOnSchema("SHOW CREATE ROUTINE", schema));
}

/** Rights of the account that are not there. Without some of them the dump ends well and is not whole, so they are read from SHOW GRANTS. */
export function findRightHazards(rights: Rights, version: ServerVersion, schemas: readonly string[]): Hazard[] {
  const hazards = findSchemaRightHazards(rights, schemas);
  // Without a global right the server hides schemas in which the account has none: they would not be missed.
  if (!rights.hasGlobal("SELECT") && !rights.hasGlobal("SHOW DATABASES")) {
    const message = "the account does not see schemas that it has no right in: they would be left out without a word";
    hazards.push({ id: "missing-right", effect: "refuse", object: "SELECT", message, hint: HINT });
  }
  if (!canSeeRoutines(rights, version, schemas)) {
    const message =
      "the account may not read mysql.proc: procedures and functions would be left out of the dump without a word";
    hazards.push({
      id: "missing-routine-right",
      effect: "refuse",
      object: "SELECT on mysql.proc",
      message,
      hint: HINT,
    });
  }
  // One privilege table for all users: `mysqldump --system=users` reads them there.
  if (!rights.hasOnTable("SELECT", "mysql", "global_priv")) {
    const message = "the account may not read the accounts in schema mysql: users and roles could not be dumped";
    hazards.push({ id: "missing-right", effect: "refuse", object: "SELECT on mysql", message, hint: HINT });
  }
  return [...hazards, ...findServerRightHazards(rights, SERVER_RIGHTS, HINT), ...findHeartbeatRightHazards(rights)];
}

/** Rights that a backup of files needs: it reads no table, so nothing is left out where one on a schema is missing. */
export function findPhysicalRightHazards(rights: Rights): Hazard[] {
  const hint = `GRANT ${[...GLOBAL_RIGHTS, ...PHYSICAL_RIGHTS].map(({ right }) => right).join(", ")} ON *.* TO the account.`;
  return [...findServerRightHazards(rights, PHYSICAL_SERVER_RIGHTS, hint), ...findHeartbeatRightHazards(rights)];
}

function findServerRightHazards(
  rights: Rights,
  needed: readonly { right: string; effect: Hazard["effect"]; consequence: string }[],
  hint: string,
): Hazard[] {
  return needed
    .filter(({ right }) => !rights.hasGlobal(right))
    .map(({ right, effect, consequence }) => {
      const message = `the account lacks the right ${right}: ${consequence}`;
      return { id: "missing-right", effect, object: right, message, hint };
    });
}

function findHeartbeatRightHazards(rights: Rights): Hazard[] {
  return HEARTBEAT_RIGHTS.filter((name) => !rights.hasOnSchema(name, HEARTBEAT_SCHEMA)).map((right) => {
    const message = `the account lacks the right ${right} on schema "${HEARTBEAT_SCHEMA}": the heartbeat could not be written`;
    const hint = `GRANT ${HEARTBEAT_RIGHTS.join(", ")} ON ${HEARTBEAT_SCHEMA}.* TO the account.`;
    return { id: "missing-right", effect: "warn", object: `${right} on ${HEARTBEAT_SCHEMA}`, message, hint };
  });
}
