import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import type { Connection, Hazard } from "../../port";
import { type Session, numberOf, withSession } from "../connect";
import { findLogHazards, readLogSettings } from "../hazards/find-log-hazards";
import { findPhysicalRightHazards } from "../hazards/find-right-hazards";
import { findKeyHazards } from "../hazards/find-table-hazards";
import { type CatalogueTable, readCatalogue } from "../hazards/read-catalogue";
import { findVersionHazards } from "../hazards/server-version";
import { readRights } from "../read-rights";
import { listSchemas } from "../schemas";
import { findFileElsewhere } from "./file-layout";
import { systemFile } from "./lineage";
import { type SourceServer, readSource } from "./read-source";
import { describeMisfit, isToolFit, readToolVersion } from "./tool-version";

const USE_LOGICAL = "Choose the method `logical` for this system.";
/** Engines whose files the tool knows; a sequence is a table of one of them. */
const CARRIED = new Set(["INNODB", "MYISAM", "ARIA", "CSV", "ARCHIVE", "MRG_MYISAM", "BLACKHOLE"]);
/** The tool carries their definition alone, and their rows lie in another place by design. */
const ROWS_ELSEWHERE = new Set(["FEDERATED", "CONNECT", "OQGRAPH", "SPIDER", "VP", "S3"]);

const refuse = (id: Hazard["id"], object: string, text: { message: string; hint: string }): Hazard => ({
  id,
  effect: "refuse",
  object,
  ...text,
});

/** Looks for everything that a backup of this server's files could stumble over. Changes nothing. */
export async function findPhysicalHazards(connection: Connection, signal: AbortSignal): Promise<Hazard[]> {
  return withSession(connection, { signal }, async (session) => {
    const source = await readSource(session);
    const refused = findVersionHazards(source.version);
    if (refused.length > 0) return refused;
    const rights = await readRights(session);
    return [
      ...(await findToolHazards(source, signal)),
      ...(await findPlaceHazards(connection, source)),
      ...findPhysicalRightHazards(rights),
      ...findLogHazards(await readLogSettings(session, rights.hasGlobal("BINLOG MONITOR"))),
      ...(await findEncryptionHazards(session, source, rights.hasGlobal("PROCESS"))),
      ...(await readCatalogue(session, await listSchemas(session))).flatMap(tableHazards),
    ];
  });
}

async function findToolHazards({ version }: SourceServer, signal: AbortSignal): Promise<Hazard[]> {
  const tool = await readToolVersion("look at the tool's version", signal);
  return isToolFit(tool, version) ? [] : [refuse("tool-version", tool, describeMisfit(tool, version))];
}

/** Whether the connection leads to this machine. */
async function isLocal({ socket, host }: Connection): Promise<boolean> {
  if (socket) return true;
  const own = new Set(Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []));
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.length > 0 && addresses.every(({ address }) => own.has(address) || /^127\.|^::1$/.test(address));
}

async function findPlaceHazards(connection: Connection, source: SourceServer): Promise<Hazard[]> {
  const { dataDirectory, dataFilePath } = source;
  const hint =
    "Run it on the database's own host, by a runner that may read its data directory: give the system's runner its label.";
  if (!(await isLocal(connection))) {
    const message = `the connection leads to another machine (${connection.host}): its files cannot be read from here`;
    return [refuse("not-local", connection.host, { message, hint })];
  }
  const canRead = await Promise.all([
    access(dataDirectory, constants.R_OK | constants.X_OK),
    access(systemFile(dataDirectory, dataFilePath), constants.R_OK),
  ]).then(
    () => true,
    () => false,
  );
  if (!canRead) {
    const message = `the server's files in "${dataDirectory}" cannot be read from here`;
    return [refuse("not-local", dataDirectory, { message, hint })];
  }
  const outside = findOutside(source) ?? (await findFileElsewhere(dataDirectory));
  if (outside === null) return [];
  const message = `"${outside}" leads to files outside the data directory: a server on a copy would open the original`;
  return [refuse("data-elsewhere", outside, { message, hint: `Move them into the data directory. ${USE_LOGICAL}` })];
}

/** A directory or file of InnoDB's own that lies elsewhere. */
function findOutside({ dataDirectory, dataFilePath, otherDirectories }: SourceServer): string | null {
  const root = dataDirectory.replace(/\/+$/, "");
  const isInside = (path: string) => !path.startsWith("/") || path.replace(/\/+$/, "") === root;
  const directory = otherDirectories.find((path) => !isInside(path));
  return directory ?? dataFilePath.split(";").find((path) => path.startsWith("/")) ?? null;
}

async function findEncryptionHazards(session: Session, source: SourceServer, canLook: boolean): Promise<Hazard[]> {
  const [row] = canLook
    ? await session.rows(
        "count the encrypted tablespaces",
        "SELECT COUNT(*) AS n FROM information_schema.innodb_tablespaces_encryption WHERE encryption_scheme <> 0",
      )
    : [];
  if (!source.isEncrypted && numberOf(row, "n") === 0) return [];
  const message = "the server encrypts its files with keys of its own, which no backup of them holds";
  return [refuse("encrypted-data", "encryption at rest", { message, hint: USE_LOGICAL })];
}

function tableHazards(table: CatalogueTable): Hazard[] {
  const object = `${table.schema}.${table.name}`;
  const engine = table.engine.toUpperCase();
  if (table.kind === "sequence") return [];
  if (engine === "MEMORY") {
    const message = `table "${object}" keeps its rows in memory: it comes back empty, and a log that changes them stops the replay`;
    return [{ id: "rows-in-memory", effect: "omit", object, message, hint: "ALTER TABLE … ENGINE = InnoDB." }];
  }
  if (ROWS_ELSEWHERE.has(engine)) {
    const message = `table "${object}" (${table.engine}) keeps its rows elsewhere: the backup holds its definition alone`;
    const hint = "Is the place where its rows lie backed up as a system of its own?";
    return [{ id: "rows-elsewhere", effect: "omit", object, message, hint }];
  }
  if (CARRIED.has(engine)) return findKeyHazards(table, object);
  const message = `table "${object}" is of engine ${table.engine}, whose files the tool does not carry`;
  return [refuse("engine-not-carried", object, { message, hint: USE_LOGICAL })];
}
