import { z } from "zod";

export const FREEZE_CAUSES = ["anomaly", "failed-proof", "gap"] as const;
export type FreezeCause = (typeof FREEZE_CAUSES)[number];

const SubjectView = z.object({
  kind: z.enum(["backup", "leftover", "log"]),
  repository: z.string(),
  /** A backup's id, or a log's `<server id>/<incarnation>/<file>`. */
  subject: z.string(),
  /** In words: `full of 2026-10-01 02:00`. */
  title: z.string(),
  /** The recovery point's time; a log's newest. */
  at: z.string(),
  reason: z.string(),
  sizeBytes: z.number(),
});

export const RemovalView = SubjectView.extend({
  /** Deleted by the next apply; later: a lock holds it until then. */
  isDue: z.boolean(),
  notBefore: z.string(),
});
export type RemovalView = z.infer<typeof RemovalView>;
export const KeptView = SubjectView;
export type KeptView = z.infer<typeof KeptView>;

export const FreezeView = z.object({
  cause: z.string(),
  kind: z.enum(FREEZE_CAUSES),
  at: z.string(),
  message: z.string(),
});
export type FreezeView = z.infer<typeof FreezeView>;

export const RetentionPlan = z.object({
  system: z.string(),
  /** `<as of>/<digest>`: an apply names it, and carries out exactly this. */
  plan: z.string(),
  asOf: z.string(),
  apply: z.enum(["daily", "manual"]),
  keepProven: z.number(),
  /** Seconds by type. */
  retain: z.record(z.string(), z.number()),
  repositories: z.array(z.object({ name: z.string(), backups: z.number(), provenFulls: z.number() })),
  removals: z.array(RemovalView),
  kept: z.array(KeptView),
  freezes: z.array(FreezeView),
  dueCount: z.number(),
  dueBytes: z.number(),
  /** Why the time is not trusted now; then nothing is deleted. */
  clockTrouble: z.string().nullable(),
  /** Why it is more than one apply may take, and what a person types to go on. */
  cap: z.object({ message: z.string(), phrase: z.string() }).nullable(),
  /** The apply that goes on. */
  openRunId: z.string().nullable(),
  /** What the schedule last did. */
  lastDay: z.object({ day: z.string(), outcome: z.string(), runId: z.string().nullable() }).nullable(),
});
export type RetentionPlan = z.infer<typeof RetentionPlan>;

export const RetentionView = z.object({ plans: z.array(RetentionPlan) });
export type RetentionView = z.infer<typeof RetentionView>;

export const PlanRetentionInput = z.strictObject({ system: z.string().min(1).optional() });
export type PlanRetentionInput = z.input<typeof PlanRetentionInput>;

const Reason = z.string().trim().min(10, "expected a reason of at least 10 characters").max(500);

export const ApplyRetentionInput = z.strictObject({
  system: z.string().min(1),
  /** Of the plan that was shown. */
  plan: z.string().regex(/^[^/]+\/[0-9a-f]{64}$/, "expected the id of a plan that was shown"),
  /** Beyond the cap: the phrase that the plan tells, and why. */
  override: z.strictObject({ phrase: z.string(), reason: Reason }).optional(),
});
export type ApplyRetentionInput = z.input<typeof ApplyRetentionInput>;

export const LiftFreezesInput = z.strictObject({
  system: z.string().min(1),
  /** Those that the operator has seen: another one that came since stays. */
  causes: z.array(z.string().min(1)).min(1).max(500),
  reason: Reason,
});
export type LiftFreezesInput = z.input<typeof LiftFreezesInput>;
