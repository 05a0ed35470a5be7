import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { type SystemDeclaration, declaredBackups } from "@/lib/settings/schemas";
import { lastDays } from "./calendar";
import { SAMPLES_MIN, forecastGrowth } from "./forecast";
import { type RetainedDays, type WrittenBytes, isYoung, storedByDay } from "./growth";
import { GetGrowthInput, type GrowthLine, type GrowthView } from "./schemas";

const HORIZON_DAYS = 30;
const DAY_SECONDS = 86_400;

interface Written extends WrittenBytes {
  system: string;
  repository: string;
}

/** Stored bytes of each repository and system by day, and where they go. One grouped query. @throws NotFoundError */
export async function getGrowth(ctx: Ctx, input: GetGrowthInput = {}): Promise<GrowthView> {
  requirePermission(ctx, "backup.read");
  const { system, days: count } = GetGrowthInput.parse(input);
  const now = ctx.now();
  const days = lastDays(now, count);
  const [loaded, written] = await Promise.all([findConfiguration(ctx), readWritten(ctx)]);
  const declared = loaded?.configuration.systems ?? {};
  if (system !== undefined && !(system in declared)) throw new NotFoundError("system", system);
  const retained = (name: string) => retainedBy(declared[name]);
  const lines = [...Map.groupBy(written, (each) => each.repository)].flatMap(([repository, all]) => {
    const bySystem = [...Map.groupBy(all, (each) => each.system)]
      .filter(([name]) => system === undefined || name === system)
      .map(([name, own]) => lineOf({ repository, system: name }, { written: own, days, retained: retained(name) }));
    return system === undefined ? [sumOfLines(repository, bySystem), ...bySystem] : bySystem;
  });
  return { asOf: now.toISOString(), days, samplesMin: SAMPLES_MIN, lines };
}

function lineOf(
  of: { repository: string; system: string },
  facts: { written: readonly WrittenBytes[]; days: readonly string[]; retained: RetainedDays },
): GrowthLine {
  const { written, days, retained } = facts;
  const bytes = storedByDay(written, days, retained);
  return { ...of, ...describeBytes(bytes), isYoung: isYoung(written, retained, days.at(-1) ?? "") };
}

/** A day that one of the systems does not know yet counts without it. */
function sumOfLines(repository: string, lines: readonly GrowthLine[]): GrowthLine {
  const length = lines[0]?.bytes.length ?? 0;
  const bytes = Array.from({ length }, (_, day) => {
    const known = lines.flatMap((line) => line.bytes[day] ?? []);
    return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
  });
  return { repository, system: null, ...describeBytes(bytes), isYoung: lines.some((line) => line.isYoung) };
}

function describeBytes(bytes: (number | null)[]): Pick<GrowthLine, "bytes" | "bytesNow" | "forecast"> {
  const known = bytes.filter((each) => each !== null);
  return { bytes, bytesNow: known.at(-1) ?? 0, forecast: forecastGrowth(known, HORIZON_DAYS) };
}

function retainedBy(declaration: SystemDeclaration | undefined): RetainedDays {
  return Object.fromEntries(declaredBackups(declaration).map(({ type, retain }) => [type, retain / DAY_SECONDS]));
}

/** Copies that are not there, and backups that failed, took no room. */
function readWritten(ctx: Ctx): Promise<Written[]> {
  return ctx.db.$queryRaw<Written[]>`
    SELECT systems.name AS system, repositories.name AS repository, stored.kind,
      to_char(stored.day, 'YYYY-MM-DD') AS day, stored.is_gone AS "isGone", sum(stored.bytes)::float8 AS bytes
    FROM (
      SELECT backups.system_id, backup_copies.repository_id, backups.type AS kind,
        (backups.started_at AT TIME ZONE 'UTC')::date AS day, backups.state = 'expired' AS is_gone, COALESCE(backup_copies.size_bytes, backups.size_bytes) AS bytes
      FROM backup_copies JOIN backups ON backups.id = backup_copies.backup_id
      WHERE backups.state IN ('complete', 'incomplete', 'expired')
        AND (backup_copies.state = 'present' OR backups.state = 'expired')
      UNION ALL
      SELECT system_id, repository_id, 'log', (COALESCE(last_at, updated_at) AT TIME ZONE 'UTC')::date, false,
        sum(stored_bytes)
      FROM log_coverages GROUP BY 1, 2, 4
    ) AS stored
    JOIN systems ON systems.id = stored.system_id
    JOIN repositories ON repositories.id = stored.repository_id AND repositories.removed_at IS NULL
    WHERE stored.bytes IS NOT NULL
    GROUP BY systems.position, systems.name, repositories.created_at, repositories.name, stored.kind, stored.day, stored.is_gone
    ORDER BY repositories.created_at, systems.position, stored.day`;
}
