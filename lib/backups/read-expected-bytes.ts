import type { Ctx } from "@/lib/db/context";

/**
 * Bytes that the main part of a backup had the last time, as they were read from the source: what this one will about
 * have. null: none of its type and method is complete.
 */
export async function readExpectedBytes(
  ctx: Pick<Ctx, "db">,
  backup: { systemId: string; type: string; method: string },
): Promise<number | null> {
  const [row] = await ctx.db.$queryRaw<{ bytes: number | null }[]>`
    SELECT (part -> 'plain' ->> 'sizeBytes')::float8 AS bytes
    FROM backups, jsonb_array_elements(backups.manifest -> 'parts') part
    WHERE backups.system_id = ${backup.systemId}::uuid AND backups.type = ${backup.type}
      AND backups.method = ${backup.method} AND backups.state = 'complete' AND part ->> 'name' IN ('data', 'files')
    ORDER BY backups.started_at DESC LIMIT 1`;
  return row?.bytes ?? null;
}
