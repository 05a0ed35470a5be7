"use client";

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { auditEventQuery } from "@/app/_client/queries";
import { Hash } from "@/components/patterns/copy";
import { Diff } from "@/components/patterns/diff";
import { KeyValue, KeyValues } from "@/components/patterns/pane";
import { Severity } from "@/components/patterns/severity";
import { Loaded } from "@/components/patterns/states";
import { Instant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { formatDuration } from "@/lib/kernel/format";
import { listFieldChanges } from "@/lib/audit/format";
import { formatTerm, type AuditEventView, type QueryField } from "@/lib/audit/schemas";
import type { AuditQueryState } from "./use-audit-query";

interface EventDrawerProps {
  id: string;
  /** The event, when the list has it already. */
  listed: AuditEventView | undefined;
  question: AuditQueryState;
  onMove: (by: 1 | -1) => void;
}

/** One event whole: when, who, on what, from where, and what changed. */
export function EventDrawer({ id, listed, question, onMove }: EventDrawerProps) {
  const single = useQuery({ ...auditEventQuery(id), enabled: !listed });
  const answer = { ...single, data: listed ?? single.data };
  return (
    <aside
      aria-label="Event"
      className="min-h-0 overflow-auto border-l border-line px-4 pb-4 phone:order-first phone:border-b phone:border-l-0 phone:px-3"
    >
      <div className="flex h-10 items-center gap-2">
        <h2 className="truncate text-14 font-semibold">{answer.data?.action ?? "Event"}</h2>
        {answer.data && (
          <>
            <Severity value={answer.data.severity} />
            <span className="text-ink-3">{answer.data.severity}</span>
          </>
        )}
        <span className="-mr-2 ml-auto flex">
          <Button look="quiet" size="icon" aria-label="Previous event" onClick={() => onMove(-1)}>
            <Icon name="up" />
          </Button>
          <Button look="quiet" size="icon" aria-label="Next event" onClick={() => onMove(1)}>
            <Icon name="down" />
          </Button>
          <Button look="quiet" size="icon" aria-label="Close" onClick={() => question.open(null)}>
            <Icon name="close" />
          </Button>
        </span>
      </div>
      <Loaded answer={answer} rows={5} className="">
        {(event) => <EventBody event={event} question={question} />}
      </Loaded>
    </aside>
  );
}

function EventBody({ event, question }: { event: AuditEventView; question: AuditQueryState }) {
  const details = Object.entries(event.metadata);
  return (
    <>
      <EventFacts event={event} question={question} />
      {event.changes && (
        <>
          <h3 className="mt-3 mb-1.5 text-12 font-semibold">Changes</h3>
          <Diff changes={listFieldChanges(event.changes.before, event.changes.after)} />
        </>
      )}
      {details.length > 0 && (
        <>
          <h3 className="mt-3 mb-1.5 text-12 font-semibold">Details</h3>
          <KeyValues>
            {details.map(([name, value]) => (
              <Row key={name} name={name}>
                <span className="wrap-anywhere whitespace-normal">
                  {typeof value === "string" ? value : JSON.stringify(value)}
                </span>
              </Row>
            ))}
          </KeyValues>
        </>
      )}
    </>
  );
}

function EventFacts({ event, question }: { event: AuditEventView; question: AuditQueryState }) {
  const later = Date.parse(event.receivedAt) - Date.parse(event.occurredAt);
  const entity = event.entity.id === null ? event.entity.type : `${event.entity.type}/${event.entity.id}`;
  return (
    <KeyValues>
      <Row name="Occurred">
        <Instant at={event.occurredAt} form="millis" details />
      </Row>
      <Row name="Received">
        {later === 0 ? "at once" : `${later < 1_000 ? `${later} ms` : formatDuration(later)} later`}
      </Row>
      <Row name="Actor">
        <Ask question={question} field="actor" value={event.actor.label} />{" "}
        <span className="text-ink-3">{event.actor.kind}</span>
      </Row>
      <Row name="Entity">
        <Ask question={question} field="entity" value={entity} />
      </Row>
      {event.ipAddress && (
        <Row name="Address">
          <Ask question={question} field="ip" value={event.ipAddress} />
        </Row>
      )}
      {event.userAgent && (
        <Row name="Agent">
          <span title={event.userAgent}>{event.userAgent}</span>
        </Row>
      )}
      {event.correlationId && (
        <Row name="Correlation">
          <Ask question={question} field="correlation" value={event.correlationId} />
        </Row>
      )}
      <Row name="Kept">
        {event.retentionClass === "permanent" ? "permanently" : `class ${event.retentionClass.replace("-", " ")}`}
      </Row>
      <Row name="Id">
        <Hash value={event.id} label="Copy event id" />
      </Row>
    </KeyValues>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <KeyValue name={name} width="w-[84px]">
      {children}
    </KeyValue>
  );
}

/** A value that asks for all events that have it. */
function Ask({ question, field, value }: { question: AuditQueryState; field: QueryField; value: string }) {
  return (
    <button
      type="button"
      className="max-w-60 truncate align-bottom link"
      title={`All events with this ${field}`}
      onClick={() => question.add(formatTerm({ field, comparison: "=", value, isExcluded: false }))}
    >
      {value}
    </button>
  );
}
