import { z } from "zod";
import { isCronExpression } from "@/lib/kernel/cron";
import { parseBytes } from "@/lib/kernel/bytes";
import { parseDurationSeconds } from "@/lib/kernel/time";

/* The shape of holdfast.yaml. `${NAME}` stays as it is written: the runner reads it from its environment at the
   moment of use, so that no secret is stored. */

const name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "expected a name of lower-case letters, digits and hyphens");

/** What the database's column holds. */
const SECONDS_MAX = 2 ** 31 - 1;

/** Whole seconds, written as `90s`, `15m`, `4h`, `30d`. */
const seconds = z.string().transform((text, ctx) => {
  const value = parseDurationSeconds(text);
  if (value === null || value <= 0 || value > SECONDS_MAX || !Number.isInteger(value)) {
    ctx.addIssue({ code: "custom", message: `expected a duration such as 90s, 15m, 4h or 30d, not "${text}"` });
    return z.NEVER;
  }
  return value;
});

/** Bytes, written as `10MB` or `10MiB`. */
const bytes = z.string().transform((text, ctx) => {
  const value = parseBytes(text);
  if (value === null) {
    ctx.addIssue({ code: "custom", message: `expected a size such as 10MB or 2GiB, not "${text}"` });
    return z.NEVER;
  }
  return value;
});

const cron = z.string().refine(isCronExpression, "expected five cron fields in UTC, such as 0 2 * * *");

const ageRecipient = z
  .string()
  .regex(/^age1[a-z0-9]{20,}$/, "expected an age recipient (age1…); is it the private key?");

/** A secret is never written into the file: only the name of the variable that holds it. */
const secretReference = z
  .string()
  .regex(/^\$\{[A-Z_][A-Z0-9_]*\}$/, "expected ${NAME}: a secret comes from the environment, never from this file");

const Connection = z.strictObject({
  socket: z.string().min(1).optional(),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.number().int().min(1).max(65_535).default(3306),
  user: z.string().min(1),
  password: secretReference,
});

function hasNoUser(url: string): boolean {
  const parsed = URL.parse(url);
  return !parsed?.username && !parsed?.password;
}

/** Where it stands, for the rule of one copy off site; without it nobody knows. */
const site = name.optional();

export const RepositoryDeclaration = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("s3"),
    site,
    bucket: z.string().min(3),
    prefix: z.string().default(""),
    region: z.string().default("us-east-1"),
    endpoint: z
      .url({ protocol: /^https?$/, error: "expected a URL such as https://s3.example.com" })
      .refine(hasNoUser, "expected a URL without user and password: a secret never stands in this file")
      .optional(),
    accessKeyId: z.string().min(1),
    secretAccessKey: secretReference,
    lock: z.strictObject({ mode: z.enum(["compliance", "governance"]), days: z.number().int().min(1) }).optional(),
  }),
  z.strictObject({
    kind: z.literal("directory"),
    site,
    path: z.string().startsWith("/", "expected an absolute path"),
  }),
]);
export type RepositoryDeclaration = z.infer<typeof RepositoryDeclaration>;

const schedule = { schedule: cron, retain: seconds, to: z.array(name).min(1) };

export const BackupDeclaration = z.strictObject({
  full: z.strictObject({ ...schedule, method: z.enum(["logical"]).default("logical") }).optional(),
  log: z
    .strictObject({
      ...schedule,
      /** Followed as it is written, instead of fetched at the schedule's times. */
      stream: z.boolean().default(false),
      /** How often new bytes are shipped. */
      interval: seconds.default(60),
    })
    .optional(),
});
export type BackupDeclaration = z.infer<typeof BackupDeclaration>;

const HttpCheckDeclaration = z
  .strictObject({ get: z.url().optional(), post: z.url().optional(), status: z.number().int().default(200) })
  .refine((check) => Boolean(check.get) !== Boolean(check.post), "expected exactly one of get and post");

const Verify = z.strictObject({
  minimumSize: bytes.optional(),
  minimumTables: z.number().int().min(0).optional(),
  queries: z.array(z.strictObject({ sql: z.string().min(1), atLeast: z.number() })).default([]),
  application: z.strictObject({ checks: z.array(HttpCheckDeclaration).min(1) }).optional(),
});

export const IMPACTS = ["critical", "high", "medium", "low"] as const;

const common = {
  title: z.string().min(1).optional(),
  owner: z.string().optional(),
  deputy: z.string().optional(),
  dependsOn: z.array(name).default([]),
  runner: z.strictObject({ site: name.default("primary"), label: z.string().optional() }).prefault({}),
  impact: z.enum(IMPACTS),
  rto: seconds,
  rpo: z.union([z.literal("none").transform(() => null), seconds]),
};

const HEARTBEAT_MS_MIN = 100;
const HEARTBEAT_MS_MAX = 3_600_000;

const MySqlRefusal =
  "MySQL is refused until a server can be had for the tests: no claim without a proof. Holdfast is proven on MariaDB 10.6 and later.";

export const SystemDeclaration = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      ...common,
      kind: z.literal("mariadb"),
      connection: Connection,
      backup: BackupDeclaration,
      verify: Verify.prefault({}),
      heartbeat: z
        .string()
        .regex(/^\d{1,5}(ms|s)$/, "expected a period such as 250ms or 1s")
        .transform((text) => (text.endsWith("ms") ? Number.parseInt(text, 10) : Number.parseInt(text, 10) * 1_000))
        .refine((ms) => ms >= HEARTBEAT_MS_MIN && ms <= HEARTBEAT_MS_MAX, "expected a period from 100ms to 3600s")
        .default(1_000),
    }),
    /** Nothing to back up, by decision. */
    z.strictObject({ ...common, kind: z.literal("service"), reason: z.string().min(1) }),
  ],
  {
    error: (issue) => {
      const input: unknown = issue.input;
      const kind = typeof input === "object" && input !== null && "kind" in input ? input.kind : undefined;
      return kind === "mysql" ? MySqlRefusal : "expected kind to be mariadb or service";
    },
  },
);
export type SystemDeclaration = z.infer<typeof SystemDeclaration>;
export type MariadbDeclaration = Extract<SystemDeclaration, { kind: "mariadb" }>;

export const TargetDeclaration = z.strictObject({
  kind: z.literal("mariadb"),
  connection: Connection,
  /** Where the recovered server keeps its data; must be empty or absent. */
  directory: z.string().startsWith("/", "expected an absolute path"),
  allow: z.array(z.enum(["drill", "live"])).min(1),
  productionLike: z.boolean().default(false),
});
export type TargetDeclaration = z.infer<typeof TargetDeclaration>;

/** Two names for one place would count one copy twice. */
function sharedPlaces(repositories: Record<string, RepositoryDeclaration>): { path: string[]; message: string }[] {
  const places = new Map<string, string>();
  return Object.entries(repositories).flatMap(([name, repository]) => {
    const place = placeOf(repository);
    const first = places.get(place);
    places.set(place, first ?? name);
    const message = `expected a place of its own: "${first}" lies there already`;
    return first === undefined ? [] : [{ path: [name], message }];
  });
}

function placeOf(repository: RepositoryDeclaration): string {
  if (repository.kind === "directory") return repository.path.replace(/\/+$/, "");
  const { bucket, prefix, endpoint = "" } = repository;
  return JSON.stringify([endpoint.replace(/\/+$/, ""), bucket, prefix.replace(/^\/+|\/+$/g, "")]);
}

/** References to systems and repositories that are not declared. */
function missingNames(
  systems: Record<string, SystemDeclaration>,
  repositories: Record<string, unknown>,
): { path: string[]; message: string }[] {
  const wanted = Object.entries(systems).flatMap(([system, declaration]) => [
    ...declaration.dependsOn.map((name) => ({ path: [system, "dependsOn"], name, among: systems, what: "system" })),
    ...(declaration.kind === "mariadb" ? (["full", "log"] as const) : []).flatMap((type) =>
      (declaration.kind === "mariadb" ? (declaration.backup[type]?.to ?? []) : []).map((name) => ({
        path: [system, "backup", type, "to"],
        name,
        among: repositories,
        what: "repository",
      })),
    ),
  ]);
  return wanted
    .filter(({ name, among }) => !(name in among))
    .map(({ path, name, what }) => ({ path, message: `expected a declared ${what}, not "${name}"` }));
}

export const Configuration = z
  .strictObject({
    project: z.strictObject({
      name: z.string().min(1),
      domain: z.url().optional(),
      contact: z.email(),
      repositoryUrl: z.string().optional(),
    }),
    objectives: z.strictObject({ rto: seconds, rpo: seconds, mttr: seconds, mtbf: seconds }),
    variables: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).default({}),
    keys: z.strictObject({ recipients: z.array(ageRecipient), identityFile: z.string().optional() }),
    repositories: z.record(name, RepositoryDeclaration),
    systems: z.record(name, SystemDeclaration),
    targets: z.record(name, TargetDeclaration).default({}),
  })
  .check((ctx) => {
    for (const { path, message } of missingNames(ctx.value.systems, ctx.value.repositories)) {
      ctx.issues.push({ code: "custom", message, path: ["systems", ...path], input: ctx.value.systems });
    }
    for (const { path, message } of sharedPlaces(ctx.value.repositories)) {
      ctx.issues.push({ code: "custom", message, path: ["repositories", ...path], input: ctx.value.repositories });
    }
  });
/** As parsed: durations in seconds, sizes in bytes, `${NAME}` still as written. */
export type Configuration = z.infer<typeof Configuration>;

export const ApplyConfigurationInput = z.strictObject({
  /** The text of holdfast.yaml. */
  text: z.string().min(1),
  /** Its name in messages. */
  file: z.string().default("holdfast.yaml"),
  dryRun: z.boolean().default(false),
});
export type ApplyConfigurationInput = z.input<typeof ApplyConfigurationInput>;

/** One difference between the applied configuration and a new one. Secrets never stand in it: they are `${NAME}`. */
export const ConfigurationChange = z.object({
  path: z.string(),
  before: z.unknown(),
  after: z.unknown(),
});
export type ConfigurationChange = z.infer<typeof ConfigurationChange>;

export const ConfigurationView = z.object({
  version: z.number(),
  appliedAt: z.string(),
  appliedBy: z.string(),
  digest: z.string(),
  /** The document as YAML. */
  text: z.string(),
});
export type ConfigurationView = z.infer<typeof ConfigurationView>;
