import type { JobCtx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { failBackup } from "./end-backup";

/** Ends backups that are under way for a run that has ended without them: its runner died. Returns how many runs there were. */
export async function sweepBackups(ctx: JobCtx): Promise<number> {
  requirePermission(ctx, "job.perform");
  const gone = await ctx.db.$queryRaw<{ id: string; system: string }[]>`
    SELECT DISTINCT runs.id::text AS id, systems.name AS system
    FROM backups
    JOIN runs ON runs.id = backups.run_id
    JOIN systems ON systems.id = backups.system_id
    WHERE backups.state = 'running' AND runs.ended_at IS NOT NULL`;
  for (const run of gone) await failBackup(ctx, run, "its run ended without it");
  return gone.length;
}
