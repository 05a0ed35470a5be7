import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { BACKUP_INCLUDE, toBackupSummary } from "./backup-view";
import { type BackupDay, GetBackupDayInput } from "./schemas";

const DAY_MS = 86_400_000;
const ROWS_MAX = 200;

interface LogOfDay {
  repository: string;
  files: number;
  storedBytes: number;
  from: Date | null;
  to: Date | null;
}

/** What a day of the calendar is made of: its backups, what was due and did not come, its log and holes. @throws NotFoundError */
export async function getBackupDay(ctx: Ctx, input: GetBackupDayInput): Promise<BackupDay> {
  requirePermission(ctx, "backup.read");
  const { system, type, date } = GetBackupDayInput.parse(input);
  const row = await ctx.db.system.findUnique({ where: { name: system }, select: { id: true } });
  if (!row) throw new NotFoundError("system", system);
  const from = new Date(`${date}T00:00:00Z`);
  const to = new Date(from.getTime() + DAY_MS);
  const [backups, slots, logs, gaps] = await Promise.all([
    ctx.db.backup.findMany({
      where: { systemId: row.id, type, startedAt: { gte: from, lt: to } },
      orderBy: { startedAt: "desc" },
      take: ROWS_MAX,
      omit: { manifest: true },
      include: BACKUP_INCLUDE,
    }),
    ctx.db.slot.findMany({
      where: { systemId: row.id, type, dueAt: { gte: from, lt: to }, state: { not: "ok" } },
      orderBy: { dueAt: "desc" },
      take: ROWS_MAX,
    }),
    type === "log" ? readLogs(ctx, row.id, { from, to }) : [],
    type === "log"
      ? ctx.db.logGap.findMany({
          where: {
            systemId: row.id,
            OR: [{ fromAt: { lt: to }, toAt: { gte: from } }, { detectedAt: { gte: from, lt: to } }],
          },
          orderBy: { detectedAt: "desc" },
          take: ROWS_MAX,
        })
      : [],
  ]);
  return {
    backups: backups.map((backup) => toBackupSummary({ ...backup, manifest: null })),
    slots: slots.map((slot) => ({
      dueAt: slot.dueAt.toISOString(),
      state: slot.state as BackupDay["slots"][number]["state"],
      runId: slot.runId,
    })),
    logs: logs.map((log) => ({
      ...log,
      from: log.from?.toISOString() ?? null,
      to: log.to?.toISOString() ?? null,
    })),
    gaps: gaps.map((gap) => ({
      from: gap.fromAt?.toISOString() ?? null,
      to: gap.toAt?.toISOString() ?? null,
      reason: gap.reason,
    })),
  };
}

/** Whole files: one that goes over midnight counts on both days with all its bytes. */
function readLogs(ctx: Ctx, systemId: string, { from, to }: { from: Date; to: Date }): Promise<LogOfDay[]> {
  return ctx.db.$queryRaw<LogOfDay[]>`
    SELECT repositories.name AS repository, count(*)::int AS files, sum(stored_bytes)::float8 AS "storedBytes",
      min(first_at) AS from, max(COALESCE(heartbeat_at, last_at)) AS to
    FROM log_coverages JOIN repositories ON repositories.id = repository_id
    WHERE system_id = ${systemId}::uuid AND COALESCE(first_at, updated_at) < ${to}
      AND COALESCE(last_at, updated_at) >= ${from}
    GROUP BY repositories.name ORDER BY repositories.name`;
}
