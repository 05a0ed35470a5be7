"use client";

import { useEffect, useRef } from "react";
import { actorWords } from "@/components/patterns/actor";
import { useZone } from "@/components/patterns/clock";
import { formatInstant, zoneName } from "@/components/patterns/instant";
import { Severity } from "@/components/patterns/severity";
import { Button } from "@/components/ui/button";
import { formatCount } from "@/lib/kernel/format";
import { formatEventDetail } from "@/lib/audit/format";
import type { AuditEventView, FacetsView } from "@/lib/audit/schemas";

interface EventListProps {
  events: readonly AuditEventView[];
  openEvent: string | null;
  total: FacetsView | null;
  hasMore: boolean;
  isLoadingMore: boolean;
  onMore: () => void;
  onOpen: (id: string) => void;
}

const GRID = "grid grid-cols-[136px_16px_minmax(0,1.3fr)_minmax(0,1fr)_minmax(0,1.2fr)] items-center gap-x-2.5 px-4";

/** Newest first; a page follows by key, so that nothing shifts while new events arrive. */
export function EventList(props: EventListProps) {
  const { events, openEvent, total, hasMore, isLoadingMore, onMore, onOpen } = props;
  const { zone } = useZone();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [openEvent]);
  const newest = events[0];
  return (
    <section aria-label="Events" className="grid h-full min-w-0 grid-rows-[auto_minmax(0,1fr)_auto]">
      <div className={`${GRID} h-7 border-b border-line text-12 text-ink-3 phone:hidden`}>
        <span>Time, {newest ? zoneName(Date.parse(newest.receivedAt), zone) : "UTC"}</span>
        <span className="sr-only">Severity</span>
        <span className="col-start-3">Action</span>
        <span>Actor</span>
        <span>Detail</span>
      </div>
      <ol ref={list} className="min-h-0 overflow-auto phone:overflow-visible">
        {events.map((event) => (
          <Row
            key={event.id}
            event={event}
            zone={zone}
            isOpen={event.id === openEvent}
            onOpen={() => onOpen(event.id)}
          />
        ))}
        {hasMore && (
          <li className="p-2 text-center">
            <Button size="small" disabled={isLoadingMore} focusableWhenDisabled onClick={onMore}>
              Older events
            </Button>
          </li>
        )}
      </ol>
      <div className="flex h-[30px] items-center gap-3 border-t border-line px-4 text-12 phone:hidden">
        <span>
          <b className="font-semibold">{formatCount(events.length)}</b>
          {total && ` of ${formatCount(total.total)}${total.isCapped ? "+" : ""}`}
        </span>
        <span className="ml-auto text-ink-3">
          <Key>J</Key> <Key>K</Key> move <Key>Esc</Key> close
        </span>
      </div>
    </section>
  );
}

function Key({ children }: { children: string }) {
  return <kbd className="rounded-[3px] border border-line bg-bg px-1 text-11">{children}</kbd>;
}

interface RowProps {
  event: AuditEventView;
  zone: string;
  isOpen: boolean;
  onOpen: () => void;
}

function Row({ event, zone, isOpen, onOpen }: RowProps) {
  const ms = Date.parse(event.receivedAt);
  const look = isOpen ? "bg-pressed shadow-[inset_2px_0_0_var(--ink)]" : "hover:bg-hover";
  return (
    <li {...(isOpen ? { "aria-current": true as const } : {})}>
      <button
        type="button"
        className={`${GRID} h-[27px] w-full border-b border-line text-left whitespace-nowrap phone:h-auto phone:grid-cols-[auto_minmax(0,max-content)_minmax(0,1fr)] phone:gap-x-2.5 phone:gap-y-px phone:px-3 phone:py-[7px] phone:[grid-template-areas:"a_a_s"_"t_w_d"] tall:h-[30px] ${look}`}
        onClick={onOpen}
      >
        <time dateTime={event.receivedAt} className="phone:text-12 phone:text-ink-3 phone:[grid-area:t]">
          <span className="text-ink-3">{formatInstant(ms, "day", zone)}</span> {formatInstant(ms, "time", zone)}.
          {String(ms % 1_000).padStart(3, "0")}
        </time>
        <span className="phone:justify-self-end phone:[grid-area:s]">
          <Severity value={event.severity} />
        </span>
        <span className="truncate font-medium phone:[grid-area:a]">{event.action}</span>
        <span className="truncate phone:text-12 phone:[grid-area:w]" title={event.actor.label}>
          {actorWords(event.actor.label)}
        </span>
        <span className="truncate text-ink-3 phone:text-12 phone:[grid-area:d]">{formatEventDetail(event)}</span>
      </button>
    </li>
  );
}
