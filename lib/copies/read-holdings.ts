import type { Tx } from "@/lib/db/context";
import { EXPECTED_COPIES } from "./copy-place";
import type { Holdings } from "./schemas";

/** What each repository holds of what the catalogue expects there, by repository id. Three queries for any number. */
export async function readHoldings(
  db: Pick<Tx, "$queryRaw" | "logCoverage" | "repositoryOrphan">,
): Promise<Map<string, Holdings>> {
  const [copies, logs, orphans] = await Promise.all([
    db.$queryRaw<{ repository_id: string; state: string; count: number }[]>`
      SELECT c.repository_id, c.state, count(*)::int AS count
      FROM backup_copies c JOIN backups b ON b.id = c.backup_id
      WHERE b.state IN ('complete', 'incomplete') AND c.state = ANY(${[...EXPECTED_COPIES]})
      GROUP BY c.repository_id, c.state`,
    db.logCoverage.groupBy({ by: ["repositoryId", "state"], where: { expiredAt: null }, _count: true }),
    db.repositoryOrphan.groupBy({ by: ["repositoryId"], _count: true }),
  ]);
  const holdings = new Map<string, Holdings>();
  const of = (id: string): Holdings => {
    const found = holdings.get(id) ?? { backups: empty(), logs: empty(), orphans: 0 };
    holdings.set(id, found);
    return found;
  };
  for (const row of copies) of(row.repository_id).backups[row.state as keyof Holdings["backups"]] = row.count;
  for (const row of logs) of(row.repositoryId).logs[row.state as keyof Holdings["logs"]] = row._count;
  for (const row of orphans) of(row.repositoryId).orphans = row._count;
  return holdings;
}

export function empty(): Holdings["backups"] {
  return { present: 0, missing: 0, damaged: 0 };
}
