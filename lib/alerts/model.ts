import { SEVERITIES, type Severity } from "@/lib/audit/schemas";
import { VERIFICATION_LEVELS } from "@/lib/backups/schemas";
import type { AlertKind, AlertState, DeliveryState } from "./schemas";

/* Pure rules about alerts. */

interface AlertRule {
  severity: Severity;
  /** After the system's name. */
  words: (of: { type: string | null; level: string | null }) => string;
}

/** What each kind says, and how grave it is until its task is overdue. */
export const ALERT_RULES = {
  "backup-failed": { severity: "high", words: ({ type }) => `${type ?? "full"} backup failed` },
  "slot-missed": { severity: "high", words: ({ type }) => `${type ?? "full"} backup missed` },
  "backup-incomplete": { severity: "warning", words: ({ type }) => `${type ?? "full"} backup lacks a copy` },
  "verification-failed": {
    severity: "high",
    words: ({ level }) => `verification failed${level ? ` at level ${level}` : ""}`,
  },
  "log-gap": { severity: "high", words: () => "gap in the log" },
} as const satisfies Record<AlertKind, AlertRule>;

/** The standard's action for all of them, with its clock. */
export const ALERT_ACTION = { words: "Manual backup within 1 hour", windowMs: 3_600_000 } as const;

/** "Database: full backup failed". */
export function titleOf(alert: {
  kind: AlertKind;
  type: string | null;
  level: string | null;
  systemTitle: string;
}): string {
  return `${alert.systemTitle}: ${ALERT_RULES[alert.kind].words(alert)}`;
}

/** One rank graver: what an overdue task makes of it. */
export function raisedSeverity(severity: Severity): Severity {
  return SEVERITIES[SEVERITIES.indexOf(severity) + 1] ?? severity;
}

/** What people call a system: its declared title, or its name as a word. */
export function systemTitleOf(name: string, declared: string | undefined): string {
  return declared ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");
}

/** What is one condition: as long as it holds, more facts of it come to the same alert. */
export function keyOf(fact: { kind: AlertKind; systemId: string; type: string | null }): string {
  return [fact.kind, fact.systemId, ...(fact.kind === "verification-failed" ? [] : [fact.type ?? "full"])].join("/");
}

/** The higher of two levels of verification: only a proof at that level or above ends the alert. */
export function higherLevel(one: string | null, other: string | null): string | null {
  const rank = (level: string | null) => VERIFICATION_LEVELS.findIndex((each) => each === level);
  return rank(one) >= rank(other) ? one : other;
}

export function stateOf(alert: { acknowledgedAt: Date | null; resolvedAt: Date | null }): AlertState {
  if (alert.resolvedAt) return "resolved";
  return alert.acknowledgedAt ? "acknowledged" : "open";
}

/** Tries of a delivery: they take more than an hour together, so that a mail server may be away for a while. */
export const ATTEMPTS_MAX = 14;
const FIRST_DELAY_MS = 5_000;
const DELAY_MS_MAX = 600_000;

/** How long to wait after a try that failed: 5 s, 10 s, 20 s … 10 min; null after the last one. */
export function delayAfter(attempts: number): number | null {
  return attempts >= ATTEMPTS_MAX ? null : Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), DELAY_MS_MAX);
}

const WORST_FIRST = ["undelivered", "pending", "delivered"] as const satisfies readonly DeliveryState[];

/** One word for all deliveries of an alert, worst first; null: nobody was to be told. */
export function worstDelivery(states: readonly DeliveryState[]): DeliveryState | null {
  return WORST_FIRST.find((state) => states.includes(state)) ?? null;
}
