import type { Manifest } from "@/lib/backups";
import { type LogPiece, coverLog } from "./cover-log";
import { listLogPieces } from "./list-log-pieces";
import type { Recovery, RecoveryCtx } from "./recovery";

/** The objects that give the log which follows a full, as the repository holds them now; none where no log follows it. */
export async function findLog(ctx: RecoveryCtx, recovery: Recovery, manifest: Manifest): Promise<LogPiece[]> {
  const pieces = await listLogPieces(ctx, recovery.source, manifest);
  const { pieces: chosen, end, hole } = coverLog(pieces, manifest.position);
  recovery.hole = hole;
  if (hole) {
    ctx.run.say(
      `the log has a hole at ${hole.file}, byte ${hole.from}: nothing after it can be reached from this full`,
      "warning",
    );
  }
  if (end.file === manifest.position.file && end.offset < manifest.position.offset) {
    ctx.run.say("no log follows this full: it can be restored as it is, not to a later point", "warning");
    return [];
  }
  return chosen;
}
