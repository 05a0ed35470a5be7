"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { auditEventsQuery, auditFacetsQuery, auditHistogramQuery } from "@/app/_client/queries";
import { NoMatch } from "@/components/patterns/list-controls";
import { useShortcuts } from "@/components/patterns/shortcuts";
import { Empty, Loaded } from "@/components/patterns/states";
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
  const facets = useQuery(auditFacetsQuery(text)).data;
  const histogram = useQuery(auditHistogramQuery(text)).data;
  const rows = useMemo(() => events.data?.pages.flatMap((page) => page.events) ?? [], [events.data]);
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
  return (
    <div className="grid h-full grid-cols-[minmax(0,1fr)] grid-rows-[auto_auto_minmax(0,1fr)] phone:flex phone:h-auto phone:flex-col">
      <h1 className="sr-only">Audit</h1>
      <QueryBar question={question} total={facets ?? null} mayExport={mayExport} />
      <Histogram data={histogram} onRange={question.setRange} />
      <div className={`grid min-h-0 ${openEvent ? WITH_DRAWER : WITHOUT_DRAWER} phone:flex phone:flex-col`}>
        <Facets data={facets} question={question} />
        <div className="min-h-0 min-w-0">
          <Loaded answer={events} rows={12}>
            {() =>
              rows.length === 0 ? (
                <Nothing isFiltered={text !== ""} onClear={question.clear} />
              ) : (
                <EventList
                  events={rows}
                  openEvent={openEvent}
                  total={facets ?? null}
                  hasMore={events.hasNextPage}
                  isLoadingMore={events.isFetchingNextPage}
                  onMore={() => void events.fetchNextPage()}
                  onOpen={question.open}
                />
              )
            }
          </Loaded>
        </div>
        {openEvent && (
          <EventDrawer
            id={openEvent}
            listed={rows.find((event) => event.id === openEvent)}
            question={question}
            onMove={move}
          />
        )}
      </div>
    </div>
  );
}

const WITH_DRAWER = "grid-cols-[180px_minmax(0,1fr)_376px] narrow:grid-cols-[minmax(0,1fr)_376px]";
const WITHOUT_DRAWER = "grid-cols-[180px_minmax(0,1fr)] narrow:grid-cols-1";

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered) return <NoMatch noun="event" onClear={onClear} />;
  return (
    <Empty title="The log is empty">
      <p>Every action leaves an event here, in the same transaction as the action itself.</p>
    </Empty>
  );
}
