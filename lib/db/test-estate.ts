/* A declared estate for `*.int.test.ts`, through the same verb that a person uses. */
import { applyConfiguration } from "@/lib/settings";
import type { TestDatabase } from "./test-database";

/** What holdfast.yaml says, as data: change it, then declare it. */
export function testEstate() {
  const connection = { host: "127.0.0.1", port: 3306, user: "holdfast", password: "${DB_PASSWORD}" };
  return {
    project: { name: "MyProject", contact: "ops-team@example.com" },
    objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
    keys: {
      recipients: ["age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"] as string[],
      identityFile: "/memory/identity.txt",
    },
    repositories: {
      primary: { kind: "directory", path: "/mnt/primary" },
      secondary: { kind: "directory", path: "/mnt/secondary" },
    } as Record<string, { kind: "directory"; path: string }>,
    systems: {
      database: {
        kind: "mariadb",
        impact: "critical",
        rto: "2h",
        rpo: "15m" as string,
        connection,
        backup: {
          full: { schedule: "0 2 * * *", retain: "30d", to: ["primary", "secondary"] },
          incremental: undefined as object | undefined,
          log: { schedule: "*/15 * * * *", retain: "24h", to: ["primary", "secondary"], stream: true, interval: "1s" },
        },
        verify: {
          minimumTables: 1,
          queries: [{ sql: "SELECT COUNT(*) FROM shop.orders", atLeast: 1 }],
          application: { checks: [{ post: "http://127.0.0.1:8080/orders", status: 201 }] },
        },
        heartbeat: "1s",
      },
      mail: { kind: "service", impact: "low", rto: "24h", rpo: "none", reason: "bought as a service" },
    },
    targets: {
      standby: { kind: "mariadb", connection, directory: "/memory/standby", allow: ["live"] },
      staging: { kind: "mariadb", connection, directory: "/memory/staging", allow: ["drill"] },
    } as Record<string, object>,
  };
}

export type TestEstate = ReturnType<typeof testEstate>;

/** Declares the estate, changed as a test needs it, and returns the id of its database's row. */
export async function declareEstate(database: TestDatabase, change?: (estate: TestEstate) => void): Promise<string> {
  const estate = testEstate();
  change?.(estate);
  await applyConfiguration(database.ctx(), { text: JSON.stringify(estate) });
  const { id } = await database.db.system.findUniqueOrThrow({ where: { name: "database" } });
  return id;
}

/** Forgets everything that happened to the declared estate, but not what the audit log says of it. */
export async function forgetHistory({ db }: TestDatabase): Promise<void> {
  await db.$transaction([
    db.$executeRaw`
      TRUNCATE alert_deliveries, alerts, alert_facts, findings, verifier_tests, run_logs, run_steps, verifications, backup_copies, backups, log_coverages, log_gaps, slots, runs, runners, retention_lifts, retention_days`,
    db.$executeRaw`DELETE FROM pgboss.job`,
    db.system.updateMany({
      data: {
        heartbeatSeq: null,
        heartbeatAt: null,
        logServerId: null,
        logIncarnation: null,
        probedAt: null,
        probeError: null,
        failingSince: null,
      },
    }),
    db.repository.updateMany({ data: { identity: null, checkedAt: null, checkError: null } }),
  ]);
}

/** Remembers where the audit log ends now. @returns the actions that were recorded since */
export async function watchAudit({ db }: TestDatabase): Promise<() => Promise<string[]>> {
  const newest = await db.auditEvent.findFirst({ orderBy: { id: "desc" }, select: { id: true } });
  return async () => {
    const rows = await db.auditEvent.findMany({
      where: newest ? { id: { gt: newest.id } } : {},
      orderBy: { id: "asc" },
      select: { action: true },
    });
    return rows.map((row) => row.action);
  };
}
