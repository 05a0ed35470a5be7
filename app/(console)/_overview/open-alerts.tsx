"use client";

import Link from "next/link";
import { Glyph } from "@/components/patterns/status";
import type { AlertView } from "@/lib/alerts/schemas";
import { AlertActs, TaskClock } from "../alerts/alert-acts";
import { alertTone, byUrgency } from "../alerts/alert-status";
import { DeliveryWarning } from "../alerts/delivery-list";

const SHOWN = 3;

/** What failed and is not over, before anything else: what, how much time is left, and the act. Nothing when all is well. */
export function OpenAlerts({ alerts }: { alerts: readonly AlertView[] }) {
  const shown = byUrgency(alerts).slice(0, SHOWN);
  // A row stays in the grid, so that the rows below keep their places.
  return (
    <section aria-label="Open alerts" aria-live="polite" className="min-w-0">
      <ul>
        {shown.map((alert) => (
          <AlertLine key={alert.id} alert={alert} />
        ))}
      </ul>
      {alerts.length > SHOWN && (
        <Link href="/alerts" className="flex h-7 items-center border-b border-line px-4 text-12 text-ink-2 phone:px-3">
          All {alerts.length} alerts
        </Link>
      )}
    </section>
  );
}

function AlertLine({ alert }: { alert: AlertView }) {
  const tint = alertTone(alert) === "failed" ? "bg-failed-tint" : "bg-warning-tint";
  return (
    <li
      className={`grid min-h-9 grid-cols-[12px_auto_minmax(0,1fr)_auto_auto_auto] items-center gap-x-3 border-b border-line px-4 py-1 phone:grid-cols-[12px_minmax(0,1fr)_auto] phone:gap-y-1.5 phone:px-3 phone:py-2 ${tint}`}
    >
      <Glyph tone={alertTone(alert)} label={alert.severity} />
      <Link
        href={`/alerts#${alert.id}`}
        className="inline-flex min-h-6 items-center font-medium whitespace-nowrap hover:underline phone:whitespace-normal"
      >
        {alert.title}
        {alert.occurrences > 1 && <span className="ml-1.5 font-normal text-ink-2">{alert.occurrences} times</span>}
      </Link>
      <span className="truncate text-ink-2 phone:hidden" title={alert.cause}>
        {alert.acknowledgedBy ? `acknowledged by ${alert.acknowledgedBy}` : alert.cause}
      </span>
      <span className="phone:col-start-2 phone:row-start-2">
        <DeliveryWarning alert={alert} />
      </span>
      <TaskClock task={alert.task} className="phone:col-start-3 phone:row-start-1" />
      <div className="phone:col-span-2 phone:col-start-2">
        <AlertActs alert={alert} />
      </div>
    </li>
  );
}
