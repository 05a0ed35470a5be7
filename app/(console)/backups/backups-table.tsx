"use client";

import { useQuery } from "@tanstack/react-query";
import { openRunsQuery } from "@/app/_client/queries";
import { useNow, useZone } from "@/components/patterns/clock";
import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { formatInstant } from "@/components/patterns/instant";
import { Verification } from "@/components/patterns/levels";
import { progressWords } from "@/components/patterns/progress";
import { Glyph, Status } from "@/components/patterns/status";
import { Age, Instant } from "@/components/patterns/time";
import { formatBytes, formatDuration } from "@/lib/kernel/format";
import type { BackupSummary } from "@/lib/backups/schemas";
import { BACKUP_TONE, BACKUP_WORD, COPY_TONE } from "./backup-status";

interface BackupsTableProps {
  backups: readonly BackupSummary[];
  /** False on a system's own page. */
  hasSystem: boolean;
}

/** Backups with a column for each repository: what lies where, and what was proven. */
export function BackupsTable({ backups, hasSystem }: BackupsTableProps) {
  const repositories = [
    ...new Set(backups.flatMap((backup) => backup.copies.map((copy) => copy.repository))),
  ].toSorted();
  const columns: DataColumn<BackupSummary>[] = [
    {
      id: "started",
      header: <StartedHeader />,
      width: 144,
      sortBy: (backup) => backup.startedAt,
      cell: (backup) => <Instant at={backup.startedAt} form="day-time" className="font-normal" />,
    },
    ...(hasSystem ? [systemColumn] : []),
    ...COLUMNS,
    ...repositories.map(copyColumn),
    verifiedColumn,
    ...(backups.some((backup) => backup.copies.some((copy) => copy.lockedUntil)) ? [lockColumn] : []),
  ];
  return (
    <DataTable
      label="Backups"
      isDense
      columns={columns}
      rows={backups}
      rowKey={(backup) => backup.id}
      href={(backup) => `/backups/${backup.id}`}
      phone={(backup) => <PhoneRow backup={backup} hasSystem={hasSystem} />}
    />
  );
}

function StartedHeader() {
  const { zone } = useZone();
  return `Started, ${zone === "UTC" ? "UTC" : "your zone"}`;
}

const systemColumn: DataColumn<BackupSummary> = {
  id: "system",
  header: "System",
  width: 120,
  sortBy: (backup) => backup.system,
  cell: (backup) => backup.system,
};

const COLUMNS: DataColumn<BackupSummary>[] = [
  {
    id: "type",
    header: "Type",
    width: 110,
    sortBy: (backup) => backup.type,
    cell: (backup) => (
      <>
        <span className="font-medium">{backup.type}</span> <span className="text-12 text-ink-3">{backup.method}</span>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    width: 124,
    sortBy: (backup) => backup.state,
    cell: (backup) => (
      <Status tone={BACKUP_TONE[backup.state]}>
        <span title={backup.error ?? undefined}>{BACKUP_WORD[backup.state]}</span>
      </Status>
    ),
  },
  {
    id: "size",
    header: "Stored",
    width: 84,
    isRight: true,
    sortBy: (backup) => backup.sizeBytes,
    cell: (backup) => <Stored backup={backup} />,
  },
  {
    id: "took",
    header: "Took",
    width: 76,
    isRight: true,
    cell: (backup) => <Took backup={backup} />,
  },
];

/** Of the run that makes it, as long as it goes on: asked with the runs that every page asks for. */
function useProgress(backup: BackupSummary) {
  const open = useQuery(openRunsQuery());
  if (backup.state !== "running") return null;
  return open.data?.runs.find((run) => run.id === backup.runId)?.progress ?? null;
}

function Stored({ backup }: { backup: BackupSummary }) {
  if (backup.sizeBytes === null) return <span className="text-ink-3">–</span>;
  return formatBytes(backup.sizeBytes);
}

/** While it runs: how much, how fast, how long still, instead of what lies where. */
function RunningCopy({ backup }: { backup: BackupSummary }) {
  const progress = useProgress(backup);
  if (!progress) return <span className="text-ink-3">writing</span>;
  const words = progressWords(progress);
  return <span title={words}>{words}</span>;
}

function Took({ backup }: { backup: BackupSummary }) {
  const now = useNow();
  const since = Date.parse(backup.startedAt);
  if (backup.endedAt) return formatDuration(Date.parse(backup.endedAt) - since);
  return formatDuration(Math.max(0, Math.floor((now - since) / 1_000) * 1_000));
}

function copyColumn(repository: string): DataColumn<BackupSummary> {
  return {
    id: `copy-${repository}`,
    header: repository,
    className: "pl-3",
    cell: (backup) =>
      backup.state === "running" && backup.copies[0]?.repository === repository ? (
        <RunningCopy backup={backup} />
      ) : (
        <Copy copy={backup.copies.find((copy) => copy.repository === repository)} />
      ),
  };
}

function Copy({ copy }: { copy: BackupSummary["copies"][number] | undefined }) {
  if (!copy) return <span className="text-ink-3">not kept here</span>;
  return (
    <span className="inline-flex items-center gap-1.5 align-top" title={copy.error ?? copy.sha256 ?? undefined}>
      <Glyph tone={COPY_TONE[copy.state]} />
      {copy.state}
      {copy.checkedAt && (
        <span className="text-ink-3">
          <Age at={copy.checkedAt} />
        </span>
      )}
    </span>
  );
}

const verifiedColumn: DataColumn<BackupSummary> = {
  id: "verified",
  header: "Verified",
  width: 168,
  sortBy: (backup) => backup.verified?.at ?? null,
  cell: (backup) => <Verified backup={backup} />,
};

function Verified({ backup }: { backup: BackupSummary }) {
  const { verified } = backup;
  if (!verified) return <Verification level={null} />;
  if (verified.verdict !== "pass") {
    return (
      <Status tone={verified.verdict === "backup-bad" ? "failed" : "warning"}>
        {verified.verdict} <Age at={verified.at} />
      </Status>
    );
  }
  return <Verification level={verified.level} note={<Age at={verified.at} />} />;
}

const lockColumn: DataColumn<BackupSummary> = {
  id: "locked",
  header: "Locked until",
  width: 104,
  isRight: true,
  cell: (backup) => <LockedUntil backup={backup} />,
};

function LockedUntil({ backup }: { backup: BackupSummary }) {
  const { zone } = useZone();
  const latest = backup.copies
    .flatMap((copy) => (copy.lockedUntil ? [Date.parse(copy.lockedUntil)] : []))
    .toSorted((a, b) => b - a)[0];
  return latest === undefined ? <span className="text-ink-3">–</span> : formatInstant(latest, "day", zone);
}

function PhoneRow({ backup, hasSystem }: { backup: BackupSummary; hasSystem: boolean }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="font-medium">
          {hasSystem && `${backup.system} `}
          {backup.type} <Instant at={backup.startedAt} form="day-minute" className="font-normal text-ink-2" />
        </span>
        <Status tone={BACKUP_TONE[backup.state]}>{BACKUP_WORD[backup.state]}</Status>
      </span>
      <span className="mt-0.5 flex justify-between gap-2 text-12 text-ink-3">
        <span>
          {backup.state === "running" ? (
            <RunningCopy backup={backup} />
          ) : (
            <>
              <Stored backup={backup} />, {backup.copies.filter((copy) => copy.state === "present").length} of{" "}
              {backup.copies.length} copies
            </>
          )}
        </span>
        <span>{backup.verified ? backup.verified.level : "not verified"}</span>
      </span>
    </>
  );
}
