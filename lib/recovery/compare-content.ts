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
  // Read as the dump was, but for triggers and routines: nearly as many bytes. Of files, more or fewer than were copied.
  const data = manifest.method === "physical" ? undefined : manifest.parts.find((part) => part.name === "data");
  const tables = await engine.digestTables(connection, manifest.schemas, {
    signal: ctx.signal,
    onProgress: (done) =>
      ctx.run.progress({ done, total: data?.plain.sizeBytes ?? null, unit: "bytes", isTotalExpected: true }),
  });
  if (manifest.method === "physical") {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    return {
      summary: `${tables.length} tables with ${rows} rows can be read; a backup of files carries no digests to compare them with`,
      tables: tables.length,
      rows,
    };
  }
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
