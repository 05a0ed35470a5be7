import type { Points } from "@/components/patterns/recovery-model";
import type { SystemState, SystemSummary } from "@/lib/systems/schemas";

const DANGER: Record<SystemState, number> = { failed: 0, warning: 1, unknown: 2, running: 3, ok: 4, idle: 5 };
const IMPACT: Record<SystemSummary["impact"], number> = { critical: 0, high: 1, medium: 2, low: 3 };

export const dangerRank = (system: SystemSummary): number => DANGER[system.state] * 10 + IMPACT[system.impact];

/** By danger, then by impact, then as declared. */
export function byDanger(systems: readonly SystemSummary[]): SystemSummary[] {
  return systems.toSorted((one, other) => dangerRank(one) - dangerRank(other));
}

/** Where the ticking exposure of a system stops: a dead source writes nothing that could be lost any more. */
export function disruptionOf(system: Pick<SystemSummary, "state" | "heartbeatAt">): string | null {
  return system.state === "failed" ? system.heartbeatAt : null;
}

/** The system whose measurements stand on the overview: of those that were measured the gravest, else the gravest. */
export function trendSystem(systems: readonly SystemSummary[]): SystemSummary | undefined {
  const backedUp = systems
    .filter((system) => system.kind !== "service")
    .toSorted((one, other) => IMPACT[one.impact] - IMPACT[other.impact]);
  return backedUp.find((system) => system.measuredAt) ?? backedUp[0];
}

/** Whether a log is kept that leads on from its backups. */
export function hasLog(system: Pick<SystemSummary, "schedules">): boolean {
  return system.schedules.some(({ type }) => type === "log");
}

/** Where it can come back to: a database's log leads to any second, logs among files to the moments when they were kept. */
export function pointsOf(system: Pick<SystemSummary, "kind" | "schedules">): Points {
  return system.kind === "mariadb" && hasLog(system) ? "log" : "backups";
}
