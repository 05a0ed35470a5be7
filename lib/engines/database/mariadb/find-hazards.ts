import type { Connection, Hazard } from "../port";
import { textOf, withSession } from "./connect";
import { findBrokenViews } from "./hazards/find-broken-views";
import { findLogHazards, readLogSettings } from "./hazards/find-log-hazards";
import { findRightHazards } from "./hazards/find-right-hazards";
import { findTableHazards } from "./hazards/find-table-hazards";
import { readCatalogue } from "./hazards/read-catalogue";
import { findVersionHazards, parseServerVersion } from "./hazards/server-version";
import { readRights } from "./read-rights";
import { listSchemas } from "./schemas";

/** Looks for everything that makes a backup of this server worse than it looks. Changes nothing. */
export async function findHazards(connection: Connection, signal: AbortSignal): Promise<Hazard[]> {
  return withSession(connection, { signal }, async (session) => {
    const [row] = await session.rows("read the server's version", "SELECT VERSION() AS version");
    const text = textOf(row, "version") ?? "";
    const refused = findVersionHazards(text);
    // Another server answers the other questions otherwise, or not at all.
    if (refused.length > 0) return refused;
    const version = parseServerVersion(text);
    const schemas = await listSchemas(session);
    const rights = await readRights(session);
    // Of a view that the account may not look at nobody can say that it is broken.
    const readable = schemas.filter(
      (name) => rights.hasOnSchema("SELECT", name) && rights.hasOnSchema("SHOW VIEW", name),
    );
    return [
      ...findRightHazards(rights, version, schemas),
      ...findLogHazards(await readLogSettings(session, rights.hasGlobal("BINLOG MONITOR"))),
      ...findTableHazards(await readCatalogue(session, schemas), version),
      ...(await findBrokenViews(session, readable, rights)),
    ];
  });
}
