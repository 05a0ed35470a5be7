import type { StepOutcome } from "@/lib/runs";
import { describeDifferences, refuseDifferences } from "./describe-differences";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/**
 * Compares the loaded copy with what the dump counted and digested in its own snapshot: each table's rows, content and
 * definition, and how many objects of each kind there are. Before any replay.
 * @throws DamagedError
 */
export async function compareContent(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const manifest = known(recovery.manifest, "the manifest");
  const { connection } = known(recovery.server, "the server");
  const { engine } = recovery;
  const tables = await engine.digestTables(connection, manifest.schemas, ctx.signal);
  const objects = await engine.countObjects(connection, manifest.schemas, ctx.signal);
  refuseDifferences(ctx, describeDifferences(manifest, { tables, objects }), "the copy differs from the manifest");
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  return {
    summary: `${manifest.tables.length} tables with ${rows} rows, equal to the manifest`,
    tables: manifest.tables.length,
    rows,
    objects: manifest.objects,
  };
}
