import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { backupDayQuery, backupDaysQuery } from "@/app/_client/queries";
import { pageCtx } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { getBackupDay, listBackupDays } from "@/lib/backups";
import { CalendarView } from "./calendar-view";
import { loadCalendarSearch } from "./search-params";

export const metadata: Metadata = { title: "Backup calendar" };

export default async function CalendarPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const { system, type, day } = await loadCalendarSearch(searchParams);
  const date = day?.toISOString().slice(0, 10);
  const state = await prefill(ctx, [
    datum(backupDaysQuery(), listBackupDays(ctx)),
    ...(system && type && date
      ? [datum(backupDayQuery(system, type, date), getBackupDay(ctx, { system, type, date }))]
      : []),
  ]);
  return (
    <HydrationBoundary state={state}>
      <CalendarView />
    </HydrationBoundary>
  );
}
