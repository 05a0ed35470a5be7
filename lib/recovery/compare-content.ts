import { DamagedError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/** Compares the loaded copy, table by table, with what the dump counted and digested in its own snapshot. Before any replay. */
export async function compareContent(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const manifest = known(recovery.manifest, "the manifest");
  const server = known(recovery.server, "the server");
  const found = await recovery.engine.digestTables(server.connection, manifest.schemas, ctx.signal);
  if (manifest.method === "physical") {
    const rows = found.reduce((sum, table) => sum + table.rows, 0);
    return {
      summary: `${found.length} tables with ${rows} rows can be read; a backup of files carries no digests to compare them with`,
      tables: found.length,
    };
  }
  const byName = new Map(found.map((table) => [`${table.schema}.${table.table}`, table]));
  const different: string[] = [];
  for (const table of manifest.tables) {
    const name = `${table.schema}.${table.table}`;
    const copy = byName.get(name);
    if (!copy) different.push(`${name} is missing`);
    else if (copy.rows !== table.rows) different.push(`${name} has ${copy.rows} rows where ${table.rows} were dumped`);
    else if (copy.sha256 !== table.sha256) different.push(`${name} differs in content`);
  }
  if (different.length > 0) {
    for (const line of different) ctx.run.say(line, "error");
    throw new DamagedError(
      `${different.length} of ${manifest.tables.length} tables differ: ${different.slice(0, 3).join("; ")}`,
      {
        hint: "This backup does not restore to what was dumped: use another one, and take a new full backup now.",
      },
    );
  }
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  return {
    summary: `${manifest.tables.length} tables with ${rows} rows, equal to the manifest`,
    tables: manifest.tables.length,
  };
}
