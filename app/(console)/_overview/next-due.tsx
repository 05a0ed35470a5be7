"use client";

import Link from "next/link";
import { Pane, PaneHead } from "@/components/patterns/pane";
import { NearInstant, Until } from "@/components/patterns/time";
import type { DrillPeriods } from "@/lib/drills/schemas";
import type { SystemSummary } from "@/lib/systems/schemas";

interface DueThing {
  id: string;
  at: string;
  words: string;
  href: string;
}

const SHOWN = 5;

/** Backups of one kind at one time are one line; a log that is streamed is not due, it flows. */
function dueThings(systems: readonly SystemSummary[], drills: DrillPeriods | undefined): DueThing[] {
  const backups = new Map<string, { at: string; type: string; systems: SystemSummary[] }>();
  for (const system of systems) {
    for (const schedule of system.schedules.filter((each) => !each.stream)) {
      for (const at of schedule.next.slice(0, 2)) {
        const key = `${at} ${schedule.type}`;
        const entry = backups.get(key) ?? { at, type: schedule.type, systems: [] };
        entry.systems.push(system);
        backups.set(key, entry);
      }
    }
  }
  const things: DueThing[] = [...backups].map(([id, { at, type, systems: due }]) => ({
    id,
    at,
    words: due.length === 1 ? `${due[0]?.title ?? ""}, ${type} backup` : `${type} backups, ${due.length} systems`,
    href: due.length === 1 ? `/systems/${due[0]?.name ?? ""}` : "/systems",
  }));
  for (const task of drills?.periods.flatMap((period) => period.tasks) ?? []) {
    if (task.state === "due")
      things.push({ id: task.id, at: task.dueAt, words: `${task.title}, drill`, href: "/drills" });
  }
  return things.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

export function NextDue({ systems, drills }: { systems: readonly SystemSummary[]; drills: DrillPeriods | undefined }) {
  const things = dueThings(systems, drills).slice(0, SHOWN);
  return (
    <Pane label="Next due">
      <PaneHead title="Next due" more={<Link href="/drills">Schedule</Link>} />
      {things.length === 0 && <p className="text-ink-3">Nothing is scheduled.</p>}
      <ul>
        {things.map((thing) => (
          <li key={thing.id} className="flex h-6 items-center gap-2 phone:h-8 tall:h-7">
            <Until at={thing.at} className="w-[76px] shrink-0 whitespace-nowrap text-ink-3" />
            <Link href={thing.href} className="truncate first-letter:uppercase hover:underline">
              {thing.words}
            </Link>
            <NearInstant at={thing.at} className="ml-auto text-12 whitespace-nowrap text-ink-3" />
          </li>
        ))}
      </ul>
    </Pane>
  );
}
