import { stringify } from "yaml";
import type { PlatformPlaces } from "./parts/layout";

/** What the configuration of the practice estate depends on. */
export interface EstateFacts {
  databasePort: number;
  /** Where the recovered server will live: the primary's own directory, absent once it is lost. */
  databaseDirectory: string;
  shopUrl: string;
  platform: PlatformPlaces;
  recipients: readonly string[];
  identityFile: string;
  /** Of the mailbox on loopback; null: the estate has none, and tells nobody of its alerts. */
  mailPort: number | null;
  stores: { kind: "s3"; primary: S3Facts; dr: S3Facts } | { kind: "directory"; primary: string; dr: string };
}

interface S3Facts {
  endpoint: string;
  region: string;
  bucket: string;
}

/** Names behind the `${NAME}` of the configuration; their values lie in the environment alone. */
export const VARIABLES = {
  databasePassword: "ESTATE_DATABASE_PASSWORD",
  primaryKey: "ESTATE_PRIMARY_ACCESS_KEY",
  primarySecret: "ESTATE_PRIMARY_SECRET_KEY",
  drKey: "ESTATE_DR_ACCESS_KEY",
  drSecret: "ESTATE_DR_SECRET_KEY",
} as const;

const behind = (name: string) => `\${${name}}`;

function describeRepositories({ stores }: EstateFacts): Record<string, unknown> {
  if (stores.kind === "directory") {
    return {
      primary: { kind: "directory", site: "primary", path: stores.primary },
      secondary: { kind: "directory", site: "dr", path: stores.dr },
    };
  }
  const s3 = (facts: S3Facts, { site, key, secret }: { site: string; key: string; secret: string }) => ({
    kind: "s3",
    site,
    bucket: facts.bucket,
    prefix: "practice",
    region: facts.region,
    endpoint: facts.endpoint,
    accessKeyId: behind(key),
    secretAccessKey: behind(secret),
  });
  return {
    primary: s3(stores.primary, { site: "primary", key: VARIABLES.primaryKey, secret: VARIABLES.primarySecret }),
    secondary: s3(stores.dr, { site: "dr", key: VARIABLES.drKey, secret: VARIABLES.drSecret }),
  };
}

function describeDatabase(facts: EstateFacts): Record<string, unknown> {
  return {
    title: "Database",
    kind: "mariadb",
    owner: "dba@example.com",
    deputy: "ops-lead@example.com",
    impact: "critical",
    rto: "2h",
    rpo: "15m",
    runner: { site: "primary" },
    connection: {
      host: "127.0.0.1",
      port: facts.databasePort,
      user: "holdfast",
      password: behind(VARIABLES.databasePassword),
    },
    backup: {
      full: { schedule: "0 2 * * *", retain: "30d", to: ["primary", "secondary"], method: "logical" },
      incremental: { schedule: "0 */6 * * *", retain: "7d", to: ["primary"] },
      log: { schedule: "*/15 * * * *", retain: "24h", to: ["primary", "secondary"], stream: true, interval: "5s" },
    },
    verify: {
      minimumSize: "100KB",
      minimumTables: 12,
      queries: [
        { sql: "SELECT COUNT(*) FROM shop.customers", atLeast: 1_500 },
        { sql: "SELECT COUNT(*) FROM shop.order_summary", atLeast: 800 },
        { sql: "SELECT COUNT(*) FROM crm.notes", atLeast: 1_200 },
      ],
      application: {
        checks: [
          { get: `${facts.shopUrl}/health`, status: 200 },
          { post: `${facts.shopUrl}/orders/check`, status: 201 },
        ],
      },
    },
    heartbeat: "250ms",
  };
}

const BOTH = ["primary", "secondary"];
const HOURLY = { schedule: "0 * * * *", retain: "7d", to: BOTH };

/** The rest of the standard's Business Impact Analysis, in its order: code, files, and what nothing has to be kept of. */
function describePlatform({ platform }: EstateFacts): Record<string, object> {
  return {
    "application-servers": {
      title: "Application servers",
      kind: "git",
      impact: "critical",
      rto: "4h",
      rpo: "1h",
      dependsOn: ["database", "file-storage", "configuration", "secrets", "cache", "queue"],
      path: platform.application,
      backup: { full: HOURLY },
    },
    "file-storage": {
      title: "File storage",
      kind: "files",
      impact: "high",
      rto: "6h",
      rpo: "1h",
      path: platform.uploads,
      backup: { full: {}, incremental: HOURLY },
    },
    cache: {
      title: "Cache",
      kind: "service",
      impact: "medium",
      rto: "8h",
      rpo: "none",
      reason: "Ephemeral by declaration: whatever it would hold is read from the database again.",
      warmUp: "It starts empty, and fills while customers browse; pages read from the database until then.",
    },
    queue: {
      title: "Queue",
      kind: "service",
      impact: "medium",
      rto: "4h",
      rpo: "1h",
      reason: "Orders are written in the request itself: no queue holds work of its own.",
      warmUp: "It starts empty: whatever was under way is asked for again by its sender.",
    },
    "static-assets": {
      title: "Static assets",
      kind: "files",
      impact: "low",
      rto: "24h",
      rpo: "24h",
      path: `${platform.application}/public`,
      backup: { full: {} },
    },
  };
}

/** What the standard backs up beside the systems of its analysis. */
function describeRest({ platform }: EstateFacts): Record<string, object> {
  return {
    configuration: {
      title: "Configuration",
      kind: "files",
      impact: "high",
      rto: "4h",
      rpo: "24h",
      path: platform.application,
      include: ["config", "routes", "database/migrations"],
      backup: { full: {} },
    },
    secrets: {
      title: "Secrets",
      kind: "files",
      impact: "high",
      rto: "4h",
      rpo: "24h",
      path: platform.application,
      include: [".env"],
      secrets: true,
      backup: { full: {} },
    },
    "application-logs": {
      title: "Application logs",
      kind: "files",
      impact: "medium",
      rto: "24h",
      rpo: "15m",
      path: platform.logs,
      backup: { full: {}, log: { to: BOTH } },
    },
  };
}

/** The systems that are trees of files: backed up and verified like the database, by other programs. */
export const TREES = [
  "application-servers",
  "file-storage",
  "static-assets",
  "configuration",
  "secrets",
  "application-logs",
] as const;

/** The practice estate's holdfast.yaml as a document: the shape that the console reads, no secret in it. */
function describeEstate(facts: EstateFacts): Record<string, unknown> {
  const others = Object.entries({ ...describePlatform(facts), ...describeRest(facts) }).map(([name, system]) => [
    name,
    { owner: "ops-team@example.com", ...system },
  ]);
  return {
    project: { name: "Practice estate", contact: "ops-team@example.com" },
    objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
    keys: { recipients: facts.recipients, identityFile: facts.identityFile },
    repositories: describeRepositories(facts),
    ...(facts.mailPort === null
      ? {}
      : {
          channels: { mail: { kind: "smtp", url: `smtp://127.0.0.1:${facts.mailPort}`, from: "holdfast@example.com" } },
        }),
    systems: { database: describeDatabase(facts), ...Object.fromEntries(others) },
    targets: {
      "primary-replacement": {
        kind: "mariadb",
        connection: {
          host: "127.0.0.1",
          port: facts.databasePort,
          user: "holdfast",
          password: behind(VARIABLES.databasePassword),
        },
        directory: facts.databaseDirectory,
        allow: ["live"],
        productionLike: true,
      },
    },
  };
}

/** Its text, with a first line that says whose it is. */
export function printEstate(facts: EstateFacts): string {
  return `# Written by the practice estate at each start.\n${stringify(describeEstate(facts))}`;
}
