import { toDamage, summarizeError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import { type Recovery, type TreeRecovery, cleanUpRecovery, dropTree } from "@/lib/recovery";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import type { VerificationLevel } from "@/lib/backups/schemas";
import type { CheckEvidence, FindingKind } from "./schemas";

/** Which backup is tried, how far, and from which repository. */
export interface AttemptRequest {
  system: string;
  backup: string;
  level: VerificationLevel;
  /** null: the one that reaches furthest and answers. */
  from: string | null;
  runId: string;
}

/** Something that does not prove the backup bad, and that somebody must look at. */
export interface NewFinding {
  kind: FindingKind;
  subject: string;
  title: string;
  detail: string;
}

/** One attempt to prove a backup: what its checks hand to each other, and what they leave as evidence. */
export interface Attempt {
  request: AttemptRequest;
  /** Of a database … */
  recovery?: Recovery;
  /** … or of files or code. */
  tree?: TreeRecovery;
  evidence: CheckEvidence[];
  findings: NewFinding[];
  /** The check that failed. */
  failedCheck: string | null;
  begunMs: number;
}

export interface Check {
  key: string;
  title: string;
  owner: string;
  perform(ctx: StepCtx, attempt: Attempt): Promise<StepOutcome>;
}

export function beginAttempt(request: AttemptRequest): Attempt {
  return { request, evidence: [], findings: [], failedCheck: null, begunMs: monotonicMs() };
}

/** Carries out one check and keeps what it saw. An engine's word that something is damaged counts as damage here. */
export async function performCheck(ctx: StepCtx, attempt: Attempt, check: Check): Promise<StepOutcome> {
  const { key, title } = check;
  const begunMs = monotonicMs();
  const keep = (state: CheckEvidence["state"], facts: StepOutcome) =>
    attempt.evidence.push({ ...facts, key, title, state, durationMs: Math.round(monotonicMs() - begunMs) });
  try {
    const outcome = await check.perform(ctx, attempt);
    keep("passed", outcome);
    return outcome;
  } catch (cause) {
    const error = toDamage(cause);
    attempt.failedCheck = key;
    keep("failed", { summary: summarizeError(error).message });
    throw error;
  }
}

/** Where it was read from; null before a repository answered. */
export function repositoryOf({ recovery, tree }: Attempt): string | null {
  return (recovery ?? tree)?.source.repository ?? null;
}

/** Nothing of an attempt stays: no server, and no tree. */
export async function cleanUpAttempt(ctx: StepCtx, { recovery, tree }: Attempt): Promise<void> {
  if (recovery) await cleanUpRecovery(ctx, recovery, { server: false });
  if (tree) await dropTree(ctx, tree);
}
