import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { type SystemDeclaration, declaredBackups } from "@/lib/settings/schemas";
import { judgeDay, lastDays } from "./calendar";
import { BACKUP_TYPES, type BackupCalendar, type BackupType, ListBackupDaysInput } from "./schemas";

interface Fact {
  systemId: string;
  type: string;
  day: string;
  source: "backup" | "slot" | "log" | "gap";
  /** Of a backup or slot; a log's repository. */
  word: string;
  count: number;
}

/** Every declared system and type with what happened on each of the last days of UTC, in one grouped query. */
export async function listBackupDays(ctx: Ctx, input: ListBackupDaysInput = {}): Promise<BackupCalendar> {
  requirePermission(ctx, "backup.read");
  const { days } = ListBackupDaysInput.parse(input);
  const now = ctx.now();
  const dates = lastDays(now, days);
  const [loaded, systems, facts] = await Promise.all([
    findConfiguration(ctx),
    ctx.db.system.findMany({ where: { removedAt: null }, orderBy: { position: "asc" } }),
    readFacts(ctx, new Date(`${dates[0] ?? ""}T00:00:00Z`)),
  ]);
  const byLane = Map.groupBy(facts, (fact) => `${fact.systemId} ${fact.type}`);
  const rows = systems.flatMap((system) =>
    BACKUP_TYPES.flatMap((type) => {
      const own = byLane.get(`${system.id} ${type}`) ?? [];
      const to = destinationsOf(loaded?.configuration.systems[system.name], type);
      if (own.length === 0 && to === null) return [];
      const byDay = Map.groupBy(own, (fact) => fact.day);
      return [
        {
          system: system.name,
          type,
          days: dates.map((date) => ({ date, ...summarize(byDay.get(date) ?? [], to ?? 0) })),
        },
      ];
    }),
  );
  return { asOf: now.toISOString(), rows };
}

function summarize(facts: readonly Fact[], repositories: number) {
  const of = (source: Fact["source"]) => facts.filter((fact) => fact.source === source);
  const state = judgeDay({
    backups: of("backup").map((fact) => fact.word),
    slots: of("slot").map((fact) => fact.word),
    hasGap: of("gap").length > 0,
    logIn: of("log").length,
    repositories,
  });
  return { state, backups: of("backup").reduce((sum, fact) => sum + fact.count, 0) };
}

/** In how many repositories a type should lie; null where it is not declared. */
function destinationsOf(declaration: SystemDeclaration | undefined, type: BackupType): number | null {
  return declaredBackups(declaration).find((each) => each.type === type)?.to.length ?? null;
}

/** A log file counts on every day that it has something of; a hole on every day that it touches. */
function readFacts(ctx: Ctx, since: Date): Promise<Fact[]> {
  return ctx.db.$queryRaw<Fact[]>`
    SELECT system_id::text AS "systemId", type, to_char(day, 'YYYY-MM-DD') AS day, source, word, count(*)::int AS count
    FROM (
      SELECT system_id, type, started_at AT TIME ZONE 'UTC' AS day, 'backup' AS source, state AS word
      FROM backups WHERE started_at >= ${since}
      UNION ALL
      SELECT system_id, type, due_at AT TIME ZONE 'UTC', 'slot', state
      FROM slots WHERE due_at >= ${since} AND state IN ('missed', 'failed', 'running')
      UNION ALL
      SELECT system_id, 'log', generate_series(first_day::timestamp, last_day, '1 day'), 'log', repository_id::text
      FROM (
        SELECT DISTINCT system_id, repository_id,
          (GREATEST(COALESCE(first_at, updated_at), ${since}) AT TIME ZONE 'UTC')::date AS first_day,
          (COALESCE(last_at, updated_at) AT TIME ZONE 'UTC')::date AS last_day
        FROM log_coverages WHERE COALESCE(last_at, updated_at) >= ${since}
      ) AS stretches
      UNION ALL
      SELECT system_id, 'log', generate_series(
        date_trunc('day', GREATEST(COALESCE(from_at, detected_at), ${since}) AT TIME ZONE 'UTC'),
        COALESCE(to_at, detected_at) AT TIME ZONE 'UTC', '1 day'), 'gap', 'gap'
      FROM log_gaps WHERE COALESCE(to_at, detected_at) >= ${since}
    ) AS facts
    GROUP BY 1, 2, 3, 4, 5`;
}
