"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { auditEventsQuery, auditFacetsQuery, auditHistogramQuery, auditEventQuery } from "@/app/_client/queries";
import { useShortcuts } from "@/components/patterns/shortcuts";
import { Empty, ErrorNote, Skeleton } from "@/components/patterns/states";
import { EventDrawer } from "./event-drawer";
import { EventList } from "./event-list";
import { Facets } from "./facets";
import { Histogram } from "./histogram";
import { QueryBar } from "./query-bar";
import { useAuditQuery } from "./use-audit-query";

/** Who did what, what changed: question, spread over time, facets, events, one event. */
export function AuditView({ mayExport }: { mayExport: boolean }) {
  const question = useAuditQuery();
  const { text, openEvent } = question;
  const events = useInfiniteQuery(auditEventsQuery(text));
  const facets = useQuery(auditFacetsQuery(text));
  const histogram = useQuery(auditHistogramQuery(text));
  const rows = useMemo(() => events.data?.pages.flatMap((page) => page.events) ?? [], [events.data]);
  const listed = rows.find((event) => event.id === openEvent);
  const single = useQuery({ ...auditEventQuery(openEvent ?? ""), enabled: openEvent !== null && !listed });
  const event = listed ?? (openEvent ? single.data : undefined);
  const move = (by: 1 | -1) => {
    const at = rows.findIndex((row) => row.id === openEvent);
    const next = rows[at === -1 ? 0 : at + by];
    if (next) question.open(next.id);
  };
  useShortcuts([
    { keys: "j", label: "Next event", onPress: () => move(1) },
    { keys: "k", label: "Previous event", onPress: () => move(-1) },
    { keys: "Escape", label: "Close the event", onPress: () => question.open(null) },
  ]);
  const columns = openEvent ? "grid-cols-[180px_minmax(0,1fr)_376px] narrow:grid-cols-[minmax(0,1fr)_376px]" : "grid-cols-[180px_minmax(0,1fr)] narrow:grid-cols-1";
  return (
    <div className="grid h-full grid-rows-[auto_auto_minmax(0,1fr)] phone:flex phone:h-auto phone:flex-col">
      <h1 className="sr-only">Audit</h1>
      <QueryBar question={question} total={facets.data ?? null} mayExport={mayExport} />
      <Histogram data={histogram.data} onRange={question.setRange} />
      <div className={`grid min-h-0 ${columns} phone:flex phone:flex-col`}>
        <Facets data={facets.data} question={question} />
        <div className="min-h-0 min-w-0">
          {events.error && !events.data && <ErrorNote failure={events.error} onRetry={() => void events.refetch()} />}
          {events.isPending && <Skeleton rows={12} />}
          {events.data && rows.length === 0 && <Nothing isFiltered={text !== ""} onClear={question.clear} />}
          {rows.length > 0 && (
            <EventList
              events={rows}
              openEvent={openEvent}
              total={facets.data ?? null}
              hasMore={events.hasNextPage}
              isLoadingMore={events.isFetchingNextPage}
              onMore={() => void events.fetchNextPage()}
              onOpen={question.open}
            />
          )}
        </div>
        {openEvent && (
          <EventDrawer event={event ?? null} error={single.error} question={question} onMove={move} onClose={() => question.open(null)} />
        )}
      </div>
    </div>
  );
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  return isFiltered ? (
    <Empty title="No event matches">
      <p>
        Nothing in the log answers that question.{" "}
        <button type="button" className="link" onClick={onClear}>
          Clear filters
        </button>
      </p>
    </Empty>
  ) : (
    <Empty title="The log is empty">
      <p>Every action leaves an event here, in the same transaction as the action itself.</p>
    </Empty>
  );
}
