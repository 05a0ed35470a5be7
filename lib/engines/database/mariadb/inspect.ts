import type { Connection, ServerFacts, ServerSettings } from "../port";
import { type Session, numberOf, textOf, withSession } from "./connect";
import { readPosition } from "./read-position";
import { listOf, listSchemas } from "./schemas";

/** What a copy of the server must share with it. */
export async function readSettings(session: Session): Promise<ServerSettings> {
  const [row] = await session.rows(
    "read the server's settings",
    `SELECT VERSION() AS version, @@GLOBAL.lower_case_table_names AS names, @@GLOBAL.innodb_page_size AS page,
      @@GLOBAL.character_set_server AS characters, @@GLOBAL.collation_server AS collation, @@GLOBAL.sql_mode AS mode, @@GLOBAL.time_zone AS zone,
      EXISTS (SELECT 1 FROM mysql.time_zone_name) AS zones`,
  );
  // An audit or password plugin is not needed to read the data back.
  const plugins = await session.rows(
    "list the server's plugins",
    `SELECT DISTINCT plugin_library AS library FROM information_schema.plugins WHERE plugin_library IS NOT NULL AND plugin_status = 'ACTIVE'
      AND plugin_type IN ('STORAGE ENGINE', 'AUTHENTICATION', 'ENCRYPTION', 'DATA TYPE', 'FUNCTION', 'FTPARSER') ORDER BY 1`,
  );
  return {
    version: textOf(row, "version") ?? "",
    lowerCaseTableNames: numberOf(row, "names"),
    pageSizeBytes: numberOf(row, "page"),
    characterSet: textOf(row, "characters") ?? "",
    collation: textOf(row, "collation") ?? "",
    sqlMode: textOf(row, "mode") ?? "",
    timeZone: textOf(row, "zone") ?? "SYSTEM",
    hasTimeZoneTables: numberOf(row, "zones") === 1,
    plugins: plugins.map((plugin) => textOf(plugin, "library") ?? ""),
  };
}

async function readLogFiles(session: Session): Promise<ServerFacts["logFiles"]> {
  const rows = await session.rows("list the log's files", "SHOW BINARY LOGS");
  return rows.map((row) => ({ file: textOf(row, "Log_name") ?? "", sizeBytes: numberOf(row, "File_size") }));
}

/** Reads what a backup's manifest and its planning need. A server without a log has an empty position. */
export async function inspectServer(connection: Connection, signal: AbortSignal): Promise<ServerFacts> {
  return withSession(connection, { signal }, async (session) => {
    const settings = await readSettings(session);
    // Before the schemas are listed: one that is made meanwhile stands in the log after it.
    const position = await readPosition(session);
    const schemas = await listSchemas(session);
    const list = listOf(schemas);
    const [row] = await session.rows(
      "measure the schemas",
      `SELECT @@GLOBAL.server_id AS id, @@GLOBAL.datadir AS directory, COUNT(*) AS tables, COALESCE(SUM(data_length + index_length), 0) AS bytes
        FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema IN ${list.sql}`,
      list.values,
    );
    return {
      version: settings.version,
      serverId: textOf(row, "id") ?? "",
      dataDirectory: textOf(row, "directory") ?? "",
      settings,
      position: position ?? { gtid: "", file: "", offset: 0 },
      logFiles: position ? await readLogFiles(session) : [],
      dataBytes: numberOf(row, "bytes"),
      tables: numberOf(row, "tables"),
      schemas,
    };
  });
}
