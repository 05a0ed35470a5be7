import { stringify } from "yaml";

/** What the configuration of the practice estate depends on. */
export interface EstateFacts {
  databasePort: number;
  /** Where the recovered server will live: the primary's own directory, absent once it is lost. */
  databaseDirectory: string;
  shopUrl: string;
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
    return { primary: { kind: "directory", path: stores.primary }, secondary: { kind: "directory", path: stores.dr } };
  }
  const s3 = (facts: S3Facts, key: string, secret: string) => ({
    kind: "s3",
    bucket: facts.bucket,
    prefix: "practice",
    region: facts.region,
    endpoint: facts.endpoint,
    accessKeyId: behind(key),
    secretAccessKey: behind(secret),
  });
  return {
    primary: s3(stores.primary, VARIABLES.primaryKey, VARIABLES.primarySecret),
    secondary: s3(stores.dr, VARIABLES.drKey, VARIABLES.drSecret),
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

/** The other five of the standard's Business Impact Analysis: nothing to back up on this estate, each with its reason. */
const SERVICES = {
  "application-servers": {
    title: "Application servers",
    impact: "critical",
    rto: "4h",
    rpo: "1h",
    dependsOn: ["database", "cache", "queue"],
    reason: "The practice shop is code of this project: it is started again, and keeps nothing on its server.",
  },
  "file-storage": {
    title: "File storage",
    impact: "high",
    rto: "6h",
    rpo: "1h",
    reason: "The practice shop takes no uploads: there are no files to lose.",
  },
  cache: {
    title: "Cache",
    impact: "medium",
    rto: "8h",
    rpo: "none",
    reason: "Ephemeral by declaration: whatever it would hold is read from the database again.",
    warmUp: "It starts empty, and fills while customers browse; pages read from the database until then.",
  },
  queue: {
    title: "Queue",
    impact: "medium",
    rto: "4h",
    rpo: "1h",
    reason: "Orders are written in the request itself: no queue holds work of its own.",
    warmUp: "It starts empty: whatever was under way is asked for again by its sender.",
  },
  "static-assets": {
    title: "Static assets",
    impact: "low",
    rto: "24h",
    rpo: "24h",
    reason: "Built from the repository of the code: brought back with it.",
  },
} as const;

/** The practice estate's holdfast.yaml as a document: the shape that the console reads, no secret in it. */
function describeEstate(facts: EstateFacts): Record<string, unknown> {
  const services = Object.entries(SERVICES).map(([name, service]) => [
    name,
    { kind: "service", owner: "ops-team@example.com", ...service },
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
    systems: { database: describeDatabase(facts), ...Object.fromEntries(services) },
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
