import { isDatabaseKind } from "@/lib/settings/schemas";
import type { VerifierState } from "@/lib/verification/schemas";
import type { CALENDAR_STATES, SystemState } from "./schemas";

export interface StateFacts {
  kind: "mariadb" | "files" | "git" | "service";
  now: Date;
  /** Newest acknowledged heartbeat. */
  heartbeatAt: Date | null;
  probedAt: Date | null;
  probeError: string | null;
  exposureSeconds: number | null;
  rpoTargetSeconds: number | null;
  isBackupRunning: boolean;
  lastAttemptState: "running" | "complete" | "incomplete" | "failed" | null;
  hasCopyMissing: boolean;
  /** What is known of the verifier itself, and what it said of this system last; null: nothing yet. */
  verifier: VerifierState;
  newestVerdict: "pass" | "backup-bad" | "verifier-bad" | "environment-failed" | null;
  /** Whether a restore of any of its backups ever passed. */
  isProven: boolean;
}

export interface JudgedState {
  state: SystemState;
  word: string;
  reason: string | null;
}

/** Without a sign of a probe for this long, nothing is known about a system. */
const FACTS_MS_MAX = 30_000;

/** One word for a system's state, worst first. What is not known is never ok. */
export function judgeState(facts: StateFacts): JudgedState {
  if (facts.kind === "service") return { state: "idle", word: "Not backed up", reason: null };
  // Nothing answers for files and code: their backups alone tell.
  if (!isDatabaseKind(facts.kind)) return judgeBackups(facts);
  if (!facts.probedAt || facts.now.getTime() - facts.probedAt.getTime() > FACTS_MS_MAX) {
    return {
      state: "unknown",
      word: "No facts",
      reason: facts.probedAt
        ? `Nothing was heard of it since ${facts.probedAt.toISOString()}. Does a runner work?`
        : "No runner has looked at it yet. Does a runner work?",
    };
  }
  if (facts.probeError) return { state: "failed", word: "Down", reason: facts.probeError };
  return judgeBackups(facts);
}

function judgeBackups(facts: StateFacts): JudgedState {
  const { exposureSeconds, rpoTargetSeconds } = facts;
  if (facts.verifier === "broken") {
    return {
      state: "warning",
      word: "Verifier broken",
      reason: "The verifier passed a backup that is broken by intent: no proof counts until that is mended.",
    };
  }
  if (exposureSeconds === null) {
    return facts.isBackupRunning
      ? { state: "running", word: "First backup", reason: null }
      : { state: "warning", word: "No backup", reason: "No repository can bring it back: take a full backup." };
  }
  if (rpoTargetSeconds !== null && exposureSeconds > rpoTargetSeconds) {
    return {
      state: "warning",
      word: "Over RPO",
      reason: "More would be lost than the target allows: look at the log's shipping.",
    };
  }
  if (facts.lastAttemptState === "failed") {
    return { state: "warning", word: "Backup failed", reason: "The last backup failed: its run says why." };
  }
  if (facts.lastAttemptState === "incomplete" || facts.hasCopyMissing) {
    return { state: "warning", word: "Copy missing", reason: "A repository lacks a copy of the newest backup." };
  }
  return judgeProofs(facts);
}

function judgeProofs({ newestVerdict, isProven }: StateFacts): JudgedState {
  if (newestVerdict === "backup-bad") {
    return {
      state: "warning",
      word: "Backup bad",
      reason: "The newest verification found a bad backup: see its finding.",
    };
  }
  if (!isProven) {
    return { state: "unknown", word: "Not proven", reason: "No restore of its backups was ever proven: verify one." };
  }
  return { state: "ok", word: "OK", reason: null };
}

type CalendarState = (typeof CALENDAR_STATES)[number];

const DAY_MS = 86_400_000;

/** The last `days` days of UTC, oldest first, each with the worst that its backups, and slots without one, say. */
export function fillCalendar(
  facts: { backups: readonly { startedAt: Date; state: string }[]; missed: readonly Date[] },
  now: Date,
  days: number,
): { date: string; state: CalendarState; backups: number }[] {
  return Array.from({ length: days }, (_, index) => {
    const date = dayOf(new Date(now.getTime() - (days - 1 - index) * DAY_MS));
    const states = facts.backups.filter((backup) => dayOf(backup.startedAt) === date).map((backup) => backup.state);
    const isMissed = facts.missed.some((dueAt) => dayOf(dueAt) === date);
    return { date, state: worstOf(states, isMissed), backups: states.length };
  });
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

function worstOf(states: readonly string[], isMissed: boolean): CalendarState {
  const ended = states.filter((state) => state !== "running");
  if (ended.includes("failed")) return "failed";
  if (isMissed) return "missed";
  if (ended.includes("incomplete")) return "incomplete";
  return ended.length === 0 ? "none" : "ok";
}
