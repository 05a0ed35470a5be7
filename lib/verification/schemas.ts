import { z } from "zod";
import { VERDICTS, VERIFICATION_LEVELS } from "@/lib/backups/schemas";

export const StartVerificationInput = z
  .strictObject({
    /** The system whose newest backup is verified, unless `backup` names one. */
    system: z.string().min(1).optional(),
    backup: z.uuid().optional(),
    level: z.enum(VERIFICATION_LEVELS).default("restore"),
    from: z.string().optional(),
  })
  .refine((input) => Boolean(input.system) !== Boolean(input.backup), "expected a system or a backup");
export type StartVerificationInput = z.input<typeof StartVerificationInput>;

/** One check of an attempt: what was compared or counted, and how long it took. */
export const CheckEvidence = z.looseObject({
  key: z.string(),
  title: z.string(),
  state: z.enum(["passed", "failed"]),
  summary: z.string(),
  durationMs: z.number(),
});
export type CheckEvidence = z.infer<typeof CheckEvidence>;

/** What an attempt leaves behind, whatever its verdict. A row of an earlier version may lack any of it. */
export const Evidence = z.looseObject({
  checks: z.array(CheckEvidence).default([]),
  error: z.string().nullable().default(null),
  runner: z.string().nullable().default(null),
  /** Versions: of the tools that made the backup, of the server that it was loaded into. */
  tools: z.record(z.string(), z.string()).default({}),
});
export type Evidence = z.infer<typeof Evidence>;

export const VerificationView = z.object({
  id: z.string(),
  system: z.string(),
  backupId: z.string(),
  backupStartedAt: z.string(),
  runId: z.string().nullable(),
  repository: z.string().nullable(),
  level: z.enum(VERIFICATION_LEVELS),
  verdict: z.enum(VERDICTS),
  at: z.string(),
  durationMs: z.number().nullable(),
  evidence: Evidence,
});
export type VerificationView = z.infer<typeof VerificationView>;

export const ListVerificationsInput = z.strictObject({
  system: z.string().optional(),
  level: z.enum(VERIFICATION_LEVELS).optional(),
  verdict: z.enum(VERDICTS).optional(),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ListVerificationsInput = z.input<typeof ListVerificationsInput>;
export const VerificationPage = z.object({
  verifications: z.array(VerificationView),
  nextCursor: z.string().nullable(),
});
export type VerificationPage = z.infer<typeof VerificationPage>;

export const FINDING_KINDS = ["verdict", "size", "rows", "lossy", "copy", "self-test", "reported"] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export const FindingView = z.object({
  id: z.string(),
  /** null: the verifier itself. */
  system: z.string().nullable(),
  kind: z.enum(FINDING_KINDS),
  title: z.string(),
  detail: z.string(),
  backupId: z.string().nullable(),
  runId: z.string().nullable(),
  owner: z.string(),
  dueAt: z.string(),
  isOverdue: z.boolean(),
  openedAt: z.string(),
  /** When it was found last, and how often. */
  seenAt: z.string(),
  times: z.number(),
  closedAt: z.string().nullable(),
  closedBy: z.string().nullable(),
  note: z.string().nullable(),
});
export type FindingView = z.infer<typeof FindingView>;

export const ListFindingsInput = z.strictObject({
  system: z.string().optional(),
  state: z.enum(["open", "closed"]).default("open"),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ListFindingsInput = z.input<typeof ListFindingsInput>;
export const FindingPage = z.object({ findings: z.array(FindingView), nextCursor: z.string().nullable() });
export type FindingPage = z.infer<typeof FindingPage>;

export const OpenFindingInput = z.strictObject({
  system: z.string().min(1),
  title: z.string().trim().min(1).max(200),
  detail: z.string().trim().max(2_000).default(""),
  owner: z.string().trim().min(1).max(200).optional(),
  dueAt: z.iso.datetime({ offset: true }).optional(),
});
export type OpenFindingInput = z.input<typeof OpenFindingInput>;

export const AssignFindingInput = z
  .strictObject({
    id: z.uuid(),
    owner: z.string().trim().min(1).max(200).optional(),
    dueAt: z.iso.datetime({ offset: true }).optional(),
  })
  .refine((input) => input.owner !== undefined || input.dueAt !== undefined, "expected an owner or a due date");
export type AssignFindingInput = z.input<typeof AssignFindingInput>;

export const CloseFindingInput = z.strictObject({
  id: z.uuid(),
  /** What was done about it. */
  note: z.string().trim().min(1, "expected a note: what was done about it").max(2_000),
});
export type CloseFindingInput = z.input<typeof CloseFindingInput>;

/** How a planted backup fared at one level; `not-tried` where the level cannot see this kind of damage. */
export const PLANT_OUTCOMES = ["caught", "missed", "refused-good", "passed-good", "not-tried"] as const;
export const PlantResult = z.object({
  plant: z.string(),
  title: z.string(),
  /** What each level said. */
  levels: z.object({
    object: z.enum(PLANT_OUTCOMES),
    restore: z.enum(PLANT_OUTCOMES),
    replay: z.enum(PLANT_OUTCOMES),
  }),
  /** The first level that caught it. */
  caughtAt: z.enum(["object", "restore", "replay"]).nullable(),
  /** As it was told by that level, or why a good backup was refused. */
  message: z.string().nullable(),
  isRight: z.boolean(),
  durationMs: z.number(),
});
export type PlantResult = z.infer<typeof PlantResult>;

/** `unknown`: never tried, or not for two weeks; `failed`: the newest try could not be carried out. Neither is green. */
export const VERIFIER_STATES = ["passed", "broken", "failed", "running", "unknown"] as const;
export type VerifierState = (typeof VERIFIER_STATES)[number];
export const VerifierView = z.object({
  state: z.enum(VERIFIER_STATES),
  /** Of the newest try that came to an end. */
  testedAt: z.string().nullable(),
  runId: z.string().nullable(),
  durationMs: z.number().nullable(),
  error: z.string().nullable(),
  plants: z.array(PlantResult),
  nextAt: z.string().nullable(),
});
export type VerifierView = z.infer<typeof VerifierView>;
