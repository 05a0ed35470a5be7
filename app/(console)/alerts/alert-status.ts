import type { Tone } from "@/components/patterns/status";
import type { AlertState, AlertView, DeliveryState } from "@/lib/alerts/schemas";

/** Red is for what failed now; what is over is quiet. */
export function alertTone(alert: Pick<AlertView, "state" | "severity">): Tone {
  if (alert.state === "resolved") return "ok";
  return alert.severity === "info" || alert.severity === "warning" ? "warning" : "failed";
}

export const ALERT_WORD: Record<AlertState, string> = {
  open: "Open",
  acknowledged: "Acknowledged",
  resolved: "Resolved",
};

export const DELIVERY_TONE: Record<DeliveryState, Tone> = {
  pending: "running",
  delivered: "ok",
  undelivered: "failed",
};

/** A try that failed is no delivery that is under way. */
export function deliveryTone({ state, lastAnswer }: { state: DeliveryState; lastAnswer: string | null }): Tone {
  return state === "pending" && lastAnswer !== null ? "warning" : DELIVERY_TONE[state];
}

const RANK = { critical: 0, high: 1, warning: 2, info: 3 } as const;

/** The gravest first, then the one whose task is due next. */
export function byUrgency(alerts: readonly AlertView[]): AlertView[] {
  return alerts.toSorted(
    (one, other) =>
      RANK[one.severity] - RANK[other.severity] || Date.parse(one.task.dueAt) - Date.parse(other.task.dueAt),
  );
}
