"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { backupDayQuery } from "@/app/_client/queries";
import { useZone } from "@/components/patterns/clock";
import type { DayChoice } from "@/components/patterns/day-grid";
import { formatInstant } from "@/components/patterns/instant";
import { PaneHead } from "@/components/patterns/pane";
import { Loaded } from "@/components/patterns/states";
import { Status, type Tone } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import { formatBytes, formatCountOf, formatDuration } from "@/lib/kernel/format";
import type { BackupDay } from "@/lib/backups/schemas";
import { BackupsTable } from "../backups-table";

/** Everything that happened on one day of one system and type. */
export function DayPane({ choice, onClose }: { choice: DayChoice; onClose: () => void }) {
  const { group: system, name: type, date } = choice;
  const day = useQuery(backupDayQuery(system, type, date));
  const title = formatInstant(Date.parse(`${date}T00:00:00Z`), "weekday", "UTC");
  return (
    <section aria-label={`${system} ${type}, ${title}`}>
      <PaneHead
        title={`${title} UTC`}
        scope={
          <>
            <Link href={`/systems/${system}`} className="link">
              {system}
            </Link>{" "}
            {type}
          </>
        }
        more={
          <button type="button" className="hover:text-ink" onClick={onClose}>
            Close day
          </button>
        }
        className="px-4 phone:px-3"
      />
      <Loaded answer={day} rows={3}>
        {(data) => <Contents day={data} type={type} />}
      </Loaded>
    </section>
  );
}

/** A slot whose backup is in the list says nothing more. */
function troublesOf(day: BackupDay): BackupDay {
  const runs = new Set(day.backups.map((backup) => backup.runId));
  const isFailed = day.backups.some((backup) => backup.state === "failed");
  return {
    ...day,
    slots: day.slots.filter(
      (slot) => slot.state === "missed" || (slot.runId ? !runs.has(slot.runId) : slot.state !== "failed" || !isFailed),
    ),
  };
}

function Contents({ day: all, type }: { day: BackupDay; type: string }) {
  const day = troublesOf(all);
  const isEmpty = [day.backups, day.slots, day.logs, day.gaps].every((list) => list.length === 0);
  if (isEmpty) {
    return <p className="px-4 pb-4 text-ink-2 phone:px-3">No {type} backup began on this day, and none was due.</p>;
  }
  return (
    <>
      {(day.slots.length > 0 || day.gaps.length > 0) && <Troubles day={day} />}
      {day.logs.length > 0 && <Logs logs={day.logs} />}
      {day.backups.length > 0 && <BackupsTable backups={day.backups} hasSystem={false} />}
    </>
  );
}

const SLOT: Record<BackupDay["slots"][number]["state"], { tone: Tone; word: string }> = {
  missed: { tone: "warning", word: "Missed" },
  failed: { tone: "failed", word: "Failed" },
  running: { tone: "running", word: "Running" },
};

/** What was due and did not come, and holes of the log. */
function Troubles({ day }: { day: BackupDay }) {
  const { zone } = useZone();
  return (
    <ul className="grid gap-1 px-4 pb-2.5 phone:px-3">
      {day.slots.map((slot) => (
        <li key={slot.dueAt} className="flex flex-wrap gap-x-3">
          <Status tone={SLOT[slot.state].tone}>{SLOT[slot.state].word}</Status>
          <span className="text-ink-2">
            due <Instant at={slot.dueAt} form="day-time" />
            {slot.state === "missed" && ": no runner took it in time"}
          </span>
          {slot.runId && (
            <Link href={`/runs/${slot.runId}`} className="link">
              Run
            </Link>
          )}
        </li>
      ))}
      {day.gaps.map((gap) => (
        <li key={`${gap.from ?? ""} ${gap.to ?? ""} ${gap.reason}`} className="flex flex-wrap gap-x-3">
          <Status tone="failed">
            Gap{gap.from && gap.to && ` of ${formatDuration(Date.parse(gap.to) - Date.parse(gap.from))}`}
          </Status>
          <span className="text-ink-2">
            {gap.from && gap.to
              ? `${formatInstant(Date.parse(gap.from), "day-time", zone)} to ${formatInstant(Date.parse(gap.to), "time", zone)}: `
              : ""}
            {gap.reason}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The shipped log of the day, one line a repository. */
function Logs({ logs }: { logs: BackupDay["logs"] }) {
  return (
    <table aria-label="Log of the day" className="mx-4 mb-2.5 phone:mx-3">
      <thead className="text-12 text-ink-3 [&_th]:pr-6">
        <tr className="h-6">
          <th scope="col">Repository</th>
          <th scope="col">First transaction</th>
          <th scope="col">Newest heartbeat</th>
          <th scope="col" className="text-right! phone:hidden">
            Files
          </th>
          <th scope="col" className="text-right!">
            Stored
          </th>
        </tr>
      </thead>
      <tbody className="[&_td]:pr-6 [&_th]:pr-6">
        {logs.map((log) => (
          <tr key={log.repository} className="h-6 border-t border-line">
            <th scope="row" className="font-medium">
              {log.repository}
            </th>
            <td>
              <Instant at={log.from} form="day-time" />
            </td>
            <td>
              <Instant at={log.to} form="day-time" />
            </td>
            <td className="text-right phone:hidden">{formatCountOf(log.files, "file")}</td>
            <td className="text-right">{formatBytes(log.storedBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
