import type { RepositoryReach } from "@/lib/backups";
import { nextTimes } from "@/lib/kernel/cron";
import { type SystemDeclaration, declaredBackups } from "@/lib/settings/schemas";
import { fillCalendar, judgeState } from "./model";
import type { RepositoryExposure, SystemSummary } from "./schemas";
import type { SystemFacts } from "./system-facts";

const CALENDAR_DAYS = 30;
const NEXT_TIMES = 3;

type SystemRow = SystemFacts["rows"][number];
type Backups = SystemFacts["backups"];

export function summarizeSystem(facts: SystemFacts, row: SystemRow): SystemSummary {
  const declaration = facts.declarations.get(row.name);
  const backups = facts.backups.filter((backup) => backup.systemId === row.id);
  const attempt = facts.attempts.find((backup) => backup.systemId === row.id);
  const success = facts.successes.find((backup) => backup.systemId === row.id);
  const repositories = (facts.reaches.get(row.id) ?? []).map((reach) => toExposure(reach, facts.now));
  const worst = worstOf(repositories);
  const exposure = { exposureSeconds: worst?.exposureSeconds ?? null, recoverableTo: worst?.recoverableTo ?? null };
  return {
    ...describeDeclaration(row, declaration),
    ...describeState(facts, { row, attempt, exposureSeconds: exposure.exposureSeconds }),
    ...exposure,
    repositories,
    ...agesOf(attempt, success),
    ...describeProof(facts, row.id),
    calendar: row.kind !== "service" ? calendarOf(facts, row.id, backups) : [],
    heartbeatAt: row.heartbeatAt?.toISOString() ?? null,
    schedules: schedulesOf(declaration, facts.now),
  };
}

function calendarOf(facts: SystemFacts, systemId: string, backups: Backups): SystemSummary["calendar"] {
  const missed = facts.missed.filter((slot) => slot.systemId === systemId).map((slot) => slot.dueAt);
  return fillCalendar({ backups, missed }, facts.now, CALENDAR_DAYS);
}

function describeDeclaration(row: SystemRow, declaration: SystemDeclaration | undefined) {
  return {
    id: row.id,
    name: row.name,
    title: declaration?.title ?? titleOf(row.name),
    kind: row.kind as SystemSummary["kind"],
    impact: row.impact as SystemSummary["impact"],
    owner: row.owner,
    deputy: row.deputy,
    ...describeService(declaration),
    rtoTargetSeconds: row.rtoTargetSeconds,
    rpoTargetSeconds: row.rpoTargetSeconds,
  };
}

function describeService(declaration: SystemDeclaration | undefined): Pick<SystemSummary, "decision" | "warmUp"> {
  if (declaration?.kind !== "service") return { decision: null, warmUp: null };
  return { decision: declaration.reason, warmUp: declaration.warmUp ?? null };
}

function describeState(
  facts: SystemFacts,
  of: { row: SystemRow; attempt: Backups[number] | undefined; exposureSeconds: number | null },
): Pick<SystemSummary, "state" | "stateWord" | "stateReason"> {
  const { row, exposureSeconds } = of;
  const attempt = of.attempt?.state ?? null;
  const judged = judgeState({
    kind: row.kind as SystemSummary["kind"],
    now: facts.now,
    heartbeatAt: row.heartbeatAt,
    probedAt: row.probedAt,
    probeError: row.probeError,
    exposureSeconds,
    rpoTargetSeconds: row.rpoTargetSeconds,
    isBackupRunning: attempt === "running",
    lastAttemptState: attempt as SystemSummary["lastAttemptState"],
    hasCopyMissing: attempt === "incomplete",
    verifier: facts.verifier,
    newestVerdict: verdictOf(facts, row.id).newestVerdict,
    isProven: facts.proofs.some((proof) => proof.systemId === row.id),
  });
  return { state: judged.state, stateWord: judged.word, stateReason: judged.reason };
}

function describeProof(facts: SystemFacts, systemId: string) {
  const proof = facts.proofs.find((each) => each.systemId === systemId);
  const measure = facts.measures.find((each) => each.systemId === systemId);
  return {
    lastProvenAt: proof?.at.toISOString() ?? null,
    lastProvenLevel: proof?.level ?? null,
    ...verdictOf(facts, systemId),
    verifier: facts.verifier,
    rtoActualSeconds: secondsOf(measure?.rtoActualMs),
    rpoActualSeconds: secondsOf(measure?.rpoActualMs),
    measuredAt: measure?.endedAt?.toISOString() ?? null,
    measuredRunId: measure?.id ?? null,
  };
}

function verdictOf(facts: SystemFacts, systemId: string): Pick<SystemSummary, "newestVerdict" | "newestVerdictAt"> {
  const newest = facts.verdicts.find((each) => each.systemId === systemId);
  return {
    newestVerdict: (newest?.verdict ?? null) as SystemSummary["newestVerdict"],
    newestVerdictAt: newest?.at.toISOString() ?? null,
  };
}

function agesOf(
  attempt: Backups[number] | undefined,
  success: Backups[number] | undefined,
): Pick<SystemSummary, "lastAttemptAt" | "lastAttemptState" | "lastSuccessAt"> {
  return {
    lastAttemptAt: attempt?.startedAt.toISOString() ?? null,
    lastAttemptState: (attempt?.state ?? null) as SystemSummary["lastAttemptState"],
    lastSuccessAt: success?.endedAt?.toISOString() ?? null,
  };
}

/** Seconds of a stored number of milliseconds. */
export function secondsOf(ms: bigint | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Number(ms) / 1_000;
}

export function toExposure(reach: RepositoryReach, now: Date): RepositoryExposure {
  const to = reach.best?.to ?? null;
  return {
    name: reach.repository,
    recoverableTo: to?.toISOString() ?? null,
    exposureSeconds: to ? Math.max(0, (now.getTime() - to.getTime()) / 1_000) : null,
  };
}

/** The headline: the repository that would cost the most; one that can bring nothing back makes it unknown. */
function worstOf(repositories: readonly RepositoryExposure[]): RepositoryExposure | null {
  const unknown = repositories.find((each) => each.exposureSeconds === null);
  if (unknown) return unknown;
  return [...repositories].sort((a, b) => (b.exposureSeconds ?? 0) - (a.exposureSeconds ?? 0))[0] ?? null;
}

/** `application-servers` → `Application servers`. */
function titleOf(name: string): string {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function schedulesOf(declaration: SystemDeclaration | undefined, now: Date): SystemSummary["schedules"] {
  return declaredBackups(declaration).map(({ type, schedule, stream }) => ({
    type,
    schedule,
    stream,
    next: nextTimes(schedule, now, NEXT_TIMES).map((at) => at.toISOString()),
  }));
}
