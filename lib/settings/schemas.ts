import { z } from "zod";
import { ChannelDeclaration } from "./channels";
import { plainSecrets, unknownVariables } from "./check-trees";
import { sharedPlaces } from "./shared-places";
import { unknownSecrets } from "./secrets-system";
import { secretReference } from "./secret-reference";
import { Connection, SystemDeclaration, declaredBackups } from "./systems";
import { cron, name, seconds } from "./units";

export { ChannelDeclaration } from "./channels";
export * from "./systems";

export { secretsSystemOf } from "./secrets-system";

/* The shape of holdfast.yaml. `${NAME}` stays as it is written: the runner reads it from its environment at the
   moment of use, so that no secret is stored. */

const ageRecipient = z
  .string()
  .regex(/^age1[a-z0-9]{20,}$/, "expected an age recipient (age1…); is it the private key?");

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

export const TargetDeclaration = z.strictObject({
  kind: z.literal("mariadb"),
  connection: Connection,
  /** Where the recovered server keeps its data; must be empty or absent. */
  directory: z.string().startsWith("/", "expected an absolute path"),
  allow: z.array(z.enum(["drill", "live"])).min(1),
  productionLike: z.boolean().default(false),
});
export type TargetDeclaration = z.infer<typeof TargetDeclaration>;

/** References to systems and repositories that are not declared. */
function missingNames(
  systems: Record<string, SystemDeclaration>,
  repositories: Record<string, unknown>,
): { path: string[]; message: string }[] {
  const wanted = Object.entries(systems).flatMap(([system, declaration]) => [
    ...declaration.dependsOn.map((name) => ({
      path: ["systems", system, "dependsOn"],
      name,
      among: systems,
      what: "system",
    })),
    ...declaredBackups(declaration).flatMap(({ type, to }) =>
      to.map((name) => ({
        path: ["systems", system, "backup", type, "to"],
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

/** What is only seen when all systems are known. */
function treeFaults(whole: {
  keys: { recipients: string[] };
  variables: Record<string, string>;
  systems: Record<string, SystemDeclaration>;
}) {
  return [...plainSecrets(whole), ...unknownVariables(whole), ...unknownSecrets(whole)];
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
    /** Full backups of all systems under one id, at these times. */
    cut: z.strictObject({ schedule: cron }).optional(),
    retention: z
      .strictObject({
        /** `manual`: nothing is deleted by a schedule. */
        apply: z.enum(["daily", "manual"]).default("daily"),
        /** So many proven fulls stay in each repository, whatever their age. */
        keepProven: z.number().int().min(1).default(3),
      })
      .prefault({}),
    targets: z.record(name, TargetDeclaration).default({}),
    channels: z.record(name, ChannelDeclaration).default({}),
  })
  .check((ctx) => {
    const { systems, repositories } = ctx.value;
    const named = [...missingNames(systems, repositories), ...sharedPlaces(repositories)];
    for (const { path, message } of [...named, ...treeFaults(ctx.value)]) {
      ctx.issues.push({ code: "custom", message, path, input: ctx.value });
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
