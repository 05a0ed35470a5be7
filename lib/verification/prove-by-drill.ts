import type { JobCtx } from "@/lib/db/context";
import type { Recovery } from "@/lib/recovery";
import type { ClaimedRun } from "@/lib/runs";
import { recordVerdict } from "./record-verdict";

/** A drill that succeeded loaded the backup, compared it and replayed the log: that is a proof of it, at level `replay`. */
export async function proveByDrill(ctx: JobCtx, run: ClaimedRun, recovery: Recovery): Promise<void> {
  const { manifest, replay, heartbeat, source, restoredTo } = recovery;
  if (!manifest || !run.systemId) return;
  // A backup that a lost catalogue does not know cannot be named in it.
  const known = await ctx.db.backup.findUnique({ where: { id: manifest.id }, select: { id: true } });
  if (!known) return;
  await recordVerdict(ctx, {
    systemId: run.systemId,
    backupId: manifest.id,
    runId: run.id,
    repository: source.repository,
    level: replay?.end.gtid && heartbeat ? "replay" : "restore",
    verdict: "pass",
    durationMs: null,
    details: {
      tables: manifest.tables.length,
      restoredTo,
      tools: { ...manifest.tools, server: manifest.server.version },
    },
  });
}
