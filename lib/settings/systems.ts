import { z } from "zod";
import { secretReference } from "./secret-reference";
import { bytes, cron, name, seconds } from "./units";

/* The systems of holdfast.yaml: what they are, and how they are backed up and verified. */

export const Connection = z.strictObject({
  socket: z.string().min(1).optional(),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.number().int().min(1).max(65_535).default(3306),
  user: z.string().min(1),
  password: secretReference,
});

/** The standard's own times, when nothing else is declared. */
export const DEFAULT_SCHEDULES = { full: "0 2 * * *", incremental: "0 */6 * * *", log: "*/15 * * * *" } as const;

/** What a type of backup is taken by: the standard's own times, ages and places unless others are declared. */
function scheduled(type: keyof typeof DEFAULT_SCHEDULES, defaults: { retain: string; to: string[] }) {
  return {
    schedule: cron.default(DEFAULT_SCHEDULES[type]),
    retain: seconds.prefault(defaults.retain),
    to: z.array(name).min(1).default(defaults.to),
  };
}

const full = scheduled("full", { retain: "30d", to: ["primary", "secondary"] });
const incremental = scheduled("incremental", { retain: "7d", to: ["primary"] });
const log = scheduled("log", { retain: "24h", to: ["primary"] });

/** Of a database. */
export const BackupDeclaration = z
  .strictObject({
    full: z.strictObject({ ...full, method: z.enum(["logical", "physical"]).default("logical") }).optional(),
    incremental: z.strictObject(incremental).optional(),
    log: z
      .strictObject({
        ...log,
        /** Without it, each time of the schedule is a slot of its own, which ends well when all until then is stored. */
        stream: z.boolean().default(false),
        /** How often new bytes are shipped. */
        interval: seconds.default(60),
      })
      .optional(),
  })
  .refine(({ full, incremental, log }) => !incremental || (full && (log ?? full.method === "physical")), {
    error: "expected full and log as well: an incremental of a logical database is the closed log since its full",
    path: ["incremental"],
  });
export type BackupDeclaration = z.infer<typeof BackupDeclaration>;

const HttpCheckDeclaration = z
  .strictObject({
    get: z.url().optional(),
    post: z.url().optional(),
    status: z.number().int().default(200),
    contains: z.string().min(1).optional(),
  })
  .refine((check) => Boolean(check.get) !== Boolean(check.post), "expected exactly one of get and post");

/** When backups are verified, unless other times are declared: after the full of the night. */
export const DEFAULT_VERIFICATIONS = { daily: "0 4 * * *", weekly: "0 5 * * 0" } as const;

const Verify = z.strictObject({
  minimumSize: bytes.optional(),
  minimumTables: z.number().int().min(0).optional(),
  queries: z.array(z.strictObject({ sql: z.string().min(1), atLeast: z.number() })).default([]),
  application: z
    .strictObject({
      /** Started on the recovered copy at level `application`; `{{port}}` and the like stand for the copy's facts. */
      start: z.array(z.string().min(1)).min(1).optional(),
      directory: z.string().startsWith("/", "expected an absolute path").optional(),
      /** Beside PORT and HOLDFAST_COPY_{HOST,PORT,SOCKET,USER,PASSWORD}, which it always gets. Never a secret. */
      environment: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), z.string()).default({}),
      /** How long it may take to answer its first check. */
      readyWithin: seconds.default(60),
      checks: z.array(HttpCheckDeclaration).min(1),
    })
    .optional(),
  /** When it is verified by itself; `off` is a decision that the page shows. */
  daily: z.union([z.literal("off"), cron]).default(DEFAULT_VERIFICATIONS.daily),
  weekly: z.union([z.literal("off"), cron]).default(DEFAULT_VERIFICATIONS.weekly),
});

/** Of files and code: nothing of theirs can be asked. */
const VerifyTree = z.strictObject({
  minimumSize: bytes.optional(),
  daily: z.union([z.literal("off"), cron]).default(DEFAULT_VERIFICATIONS.daily),
  weekly: z.union([z.literal("off"), cron]).default(DEFAULT_VERIFICATIONS.weekly),
});

export const IMPACTS = ["critical", "high", "medium", "low"] as const;

const common = {
  title: z.string().min(1).optional(),
  owner: z.string().optional(),
  deputy: z.string().optional(),
  dependsOn: z.array(name).default([]),
  runner: z.strictObject({ site: name.default("primary"), label: z.string().optional() }).prefault({}),
  /** The `files` system with the secrets that its data is written with; the only one with `secrets: true` unless told. */
  secretsIn: name.optional(),
  impact: z.enum(IMPACTS),
  rto: seconds,
  rpo: z.union([z.literal("none").transform(() => null), seconds]),
};

/** On the runner's machine; `{{NAME}}` of `variables` may stand in it. */
const place = z.string().regex(/^(\/|\{\{)/, "expected an absolute path, or one that begins with {{NAME}}");
const inside = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.split("/").includes(".."), "expected a path below `path`");

const FilesSystem = z.strictObject({
  ...common,
  kind: z.literal("files"),
  path: place,
  /** Below `path`; all of it unless told. */
  include: z.array(inside).default([]),
  /** Below `path`; `*` and `?` match any character. */
  exclude: z.array(inside).default([]),
  /** Holds secrets, such as a `.env`: encrypted always, and known again by a fingerprint. */
  secrets: z.boolean().default(false),
  backup: z
    .strictObject({
      full: z.strictObject(full).optional(),
      incremental: z.strictObject(incremental).optional(),
      /** Of logs that an application appends to: the bytes that came since the last time. */
      log: z
        .strictObject({
          ...log,
          /** Which of the files are logs, below `path`; all of the system's unless told. */
          include: z.array(inside).min(1).optional(),
        })
        .optional(),
    })
    .refine((backup) => !backup.incremental || backup.full, {
      error: "expected full as well: an incremental continues one",
      path: ["incremental"],
    })
    .refine((backup) => !backup.log || backup.full, {
      error: "expected full as well: logs are brought back on the tree that they belong to",
      path: ["log"],
    }),
  verify: VerifyTree.prefault({}),
});

const GitSystem = z.strictObject({
  ...common,
  kind: z.literal("git"),
  path: place,
  /** One release; all refs unless told. */
  tag: z.string().min(1).optional(),
  backup: z.strictObject({ full: z.strictObject(full).optional() }),
  verify: VerifyTree.prefault({}),
});

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
    FilesSystem,
    GitSystem,
    /** Nothing to back up, by decision. */
    z.strictObject({
      ...common,
      kind: z.literal("service"),
      reason: z.string().min(1),
      /** What it needs after a recovery until it serves as before. */
      warmUp: z.string().min(1).optional(),
    }),
  ],
  {
    error: (issue) => {
      const input: unknown = issue.input;
      const kind = typeof input === "object" && input !== null && "kind" in input ? input.kind : undefined;
      return kind === "mysql" ? MySqlRefusal : "expected kind to be mariadb, files, git or service";
    },
  },
);
export type SystemDeclaration = z.infer<typeof SystemDeclaration>;
export type MariadbDeclaration = Extract<SystemDeclaration, { kind: "mariadb" }>;
export type FilesDeclaration = Extract<SystemDeclaration, { kind: "files" }>;
export type GitDeclaration = Extract<SystemDeclaration, { kind: "git" }>;

/** Whatever is backed up at all. */
export type BackedUpDeclaration = Exclude<SystemDeclaration, { kind: "service" }>;

/** A server that answers, with rows and a log of its own; its kind is its vendor. */
export function isDatabase(declaration: SystemDeclaration | undefined): declaration is MariadbDeclaration {
  return declaration !== undefined && isDatabaseKind(declaration.kind);
}

/** Of a kind as it stands in the catalogue, where the declaration may be gone. */
export function isDatabaseKind(kind: string): boolean {
  return kind === "mariadb";
}

/** Something that a restore brings back; what is left out by decision is not. */
export function isBackedUp(declaration: SystemDeclaration | undefined): declaration is BackedUpDeclaration {
  return declaration !== undefined && declaration.kind !== "service";
}

/** Whether what was written after a backup is kept as well: a database's log, or the logs among files. */
export function hasLog(declaration: SystemDeclaration | undefined): boolean {
  return declaredBackups(declaration).some(({ type }) => type === "log");
}

/** The types that some kind of system may declare. */
type AnyBackupDeclaration = Pick<FilesDeclaration["backup"], "full" | "incremental"> & {
  log?: FilesDeclaration["backup"]["log"] | BackupDeclaration["log"];
};

/** One scheduled type of backup of a system. */
export interface DeclaredBackup {
  type: "full" | "incremental" | "log";
  /** Five cron fields, in UTC. */
  schedule: string;
  /** Seconds. */
  retain: number;
  /** Repositories. */
  to: string[];
  /** Followed as it is written: it has no slots. */
  stream: boolean;
}

/** Every type of backup that a system declares, fulls first; none for what is not backed up. */
export function declaredBackups(declaration: SystemDeclaration | undefined): DeclaredBackup[] {
  if (!declaration || declaration.kind === "service") return [];
  const { full, incremental, log }: AnyBackupDeclaration = declaration.backup;
  return [
    ...(full ? [{ ...full, type: "full" as const, stream: false }] : []),
    ...(incremental ? [{ ...incremental, type: "incremental" as const, stream: false }] : []),
    ...(log ? [{ ...log, type: "log" as const, stream: "stream" in log && log.stream }] : []),
  ].map(({ type, schedule, retain, to, stream }) => ({ type, schedule, retain, to, stream }));
}
