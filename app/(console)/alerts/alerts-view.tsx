"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { openAlertsQuery, pastAlertsQuery } from "@/app/_client/queries";
import { PageHeading, PageTitle, PaneHead } from "@/components/patterns/pane";
import { Severity } from "@/components/patterns/severity";
import { Empty, Loaded } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age, Instant } from "@/components/patterns/time";
import type { AlertPage, AlertView } from "@/lib/alerts/schemas";
import { AlertActs, TaskClock } from "./alert-acts";
import { ALERT_WORD, alertTone, byUrgency } from "./alert-status";
import { DeliveryList } from "./delivery-list";

/** What failed, who was told, who has taken it, and how much time its task has left. */
export function AlertsView() {
  const open = useQuery(openAlertsQuery());
  const past = useQuery(pastAlertsQuery());
  return (
    <>
      <PageTitle>
        <PageHeading>Alerts</PageHeading>
        <span className="text-ink-3">one condition, one alert; it resolves when the next one succeeds</span>
      </PageTitle>
      <Loaded answer={open} rows={4}>
        {(page) => <OpenOnes page={page} />}
      </Loaded>
      <PastOnes alerts={past.data?.alerts ?? []} />
    </>
  );
}

function OpenOnes({ page }: { page: AlertPage }) {
  const alerts = byUrgency(page.alerts);
  return (
    <section aria-label="Open alerts" className="border-t border-line">
      {page.channels.length === 0 && (
        <p className="flex items-center gap-2 border-b border-line bg-hover px-4 py-2 phone:px-3">
          <Glyph tone="warning" />
          No channel is declared: nobody hears of an alert. Declare one under channels in holdfast.yaml.
        </p>
      )}
      {alerts.length === 0 ? (
        <Empty title="No alert is open">
          <p>
            A backup that failed, was missed or lacks a copy, a verification that failed and a gap in a log appear here,
            and are sent to {page.channels.length > 0 ? page.channels.join(", ") : "the declared channels"}.
          </p>
        </Empty>
      ) : (
        <ul>
          {alerts.map((alert, index) => (
            <OpenAlert key={alert.id} alert={alert} isFirst={index === 0} />
          ))}
        </ul>
      )}
    </section>
  );
}

function OpenAlert({ alert, isFirst }: { alert: AlertView; isFirst: boolean }) {
  return (
    <li id={alert.id} className="border-b border-line px-4 py-2 target:bg-hover phone:px-3">
      <div className="grid grid-cols-[12px_minmax(0,1fr)_auto_auto] items-center gap-x-3 phone:grid-cols-[12px_minmax(0,1fr)] phone:gap-y-1.5">
        <Glyph tone={alertTone(alert)} label={alert.severity} />
        <p className="flex min-w-0 items-center gap-2 font-medium">
          <span className="truncate phone:whitespace-normal">{alert.title}</span>
          <Severity value={alert.severity} />
          <span className="font-normal whitespace-nowrap text-ink-3">{alert.severity}</span>
        </p>
        <span className="flex items-center gap-2 phone:col-start-2">
          <span className="text-12 text-ink-3">{alert.task.action}</span>
          <TaskClock task={alert.task} className="min-w-24 text-right phone:min-w-0 phone:text-left" />
        </span>
        <div className="phone:col-start-2">
          <AlertActs alert={alert} isPrimary={isFirst} />
        </div>
      </div>
      <div className="mt-0.5 grid gap-1 pl-6 phone:mt-2">
        <p className="text-ink-2 first-letter:uppercase">
          {alert.cause}
          {alert.hint && <span className="text-ink-3">. {alert.hint}</span>}
        </p>
        <p className="text-12 text-ink-3">
          <Account alert={alert} />
        </p>
        <DeliveryList deliveries={alert.deliveries} />
      </div>
    </li>
  );
}

/** When, how often, who has it, and where to look. */
function Account({ alert }: { alert: AlertView }) {
  return (
    <>
      <Instant at={alert.firstAt} form="day-time" />
      {alert.occurrences > 1 && (
        <>
          , {alert.occurrences} times, last <Age at={alert.lastAt} suffix=" ago" />
        </>
      )}
      {alert.acknowledgedBy && (
        <>
          , acknowledged by {alert.acknowledgedBy} <Age at={alert.acknowledgedAt} suffix=" ago" />
        </>
      )}
      {alert.note && `: ${alert.note}`}
      {alert.resolvedAt && (
        <>
          , resolved <Instant at={alert.resolvedAt} form="day-time" />
        </>
      )}
      {alert.runId && (
        <>
          {" · "}
          <Link href={`/runs/${alert.runId}`} className="link">
            Run
          </Link>
        </>
      )}
      {alert.backupId && (
        <>
          {" · "}
          <Link href={`/backups/${alert.backupId}`} className="link">
            Backup
          </Link>
        </>
      )}
      {" · "}
      <Link href={`/systems/${alert.system}`} className="link">
        System
      </Link>
    </>
  );
}

function PastOnes({ alerts }: { alerts: readonly AlertView[] }) {
  if (alerts.length === 0) return null;
  return (
    <section aria-label="Resolved alerts" className="pb-4">
      <PaneHead title="Resolved" scope={alerts.length} className="px-4 phone:px-3" />
      {alerts.map((alert) => (
        <details key={alert.id} id={alert.id} className="group border-t border-line target:bg-hover">
          <summary className="flex min-h-(--row) cursor-pointer list-none items-center gap-2 px-4 hover:bg-hover phone:px-3">
            <Glyph tone={alertTone(alert)} label={ALERT_WORD[alert.state]} />
            <span className="min-w-0 truncate">{alert.title}</span>
            {alert.occurrences > 1 && <span className="text-12 text-ink-3">{alert.occurrences} times</span>}
            <span className="ml-auto text-12 whitespace-nowrap text-ink-3">
              <Instant at={alert.raisedAt} form="day-minute" />
            </span>
          </summary>
          <div className="grid gap-1 px-4 pb-2 pl-9 phone:px-3">
            <p className="text-ink-2 first-letter:uppercase">{alert.cause}</p>
            <p className="text-12 text-ink-3">
              <Account alert={alert} />
            </p>
            <DeliveryList deliveries={alert.deliveries} />
          </div>
        </details>
      ))}
    </section>
  );
}
