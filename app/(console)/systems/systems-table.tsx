"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { startBackup } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { Bullet } from "@/components/patterns/bullet";
import { Calendar } from "@/components/patterns/calendar";
import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { Glyph, Status } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { MenuItem, MenuLink, MenuPopup, MenuRoot, MenuTrigger } from "@/components/ui/menu";
import { showToast } from "@/components/ui/toast";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { SystemSummary } from "@/lib/systems/schemas";
import { ExposureBullet, ExposureValue } from "./exposure";
import { byDanger, dangerRank } from "./system-order";

interface SystemsTableProps {
  systems: readonly SystemSummary[];
  mayBackUp: boolean;
}

/** The systems, the one in most danger first. */
export function SystemsTable({ systems, mayBackUp }: SystemsTableProps) {
  const columns = mayBackUp ? [...COLUMNS, menuColumn] : COLUMNS;
  return (
    <DataTable
      label="Systems"
      columns={columns}
      rows={byDanger(systems)}
      rowKey={(system) => system.name}
      href={(system) => `/systems/${system.name}`}
      phone={(system) => <PhoneRow system={system} />}
    />
  );
}

/** "Down 32m": a state that lasts says for how long. */
export function SystemStatus({ system }: { system: SystemSummary }) {
  return (
    <Status tone={system.state}>
      <span title={system.stateReason ?? undefined}>
        {system.stateWord}
        {system.state === "failed" && system.heartbeatAt && (
          <>
            {" "}
            <Age at={system.heartbeatAt} />
          </>
        )}
      </span>
    </Status>
  );
}

function RtoValue({ system }: { system: SystemSummary }) {
  if (system.rtoActualSeconds === null)
    return (
      <span className="text-ink-3" title="Not measured yet: a drill measures it">
        {system.kind === "service" ? "–" : "?"}
      </span>
    );
  return formatDuration(system.rtoActualSeconds * 1_000);
}

function LastAttempt({ system }: { system: SystemSummary }) {
  const tone = { running: "running", incomplete: "warning", failed: "failed" } as const;
  const state = system.lastAttemptState;
  return (
    <span className="inline-flex items-center gap-[5px] align-top">
      {state && state !== "complete" && <Glyph tone={tone[state]} label={state} className="size-2.5" />}
      <Age at={system.lastAttemptAt} />
    </span>
  );
}

const COLUMNS: DataColumn<SystemSummary>[] = [
  {
    id: "system",
    header: "System",
    width: 190,
    sortBy: (system) => system.title,
    cell: (system) => (
      <>
        {system.title} <span className="ml-1 text-12 font-normal text-ink-3">{system.impact}</span>
      </>
    ),
  },
  { id: "state", header: "State", width: 114, sortBy: dangerRank, cell: (system) => <SystemStatus system={system} /> },
  {
    id: "exposure",
    header: "Exposure",
    width: 66,
    isRight: true,
    sortBy: (system) => (system.recoverableTo ? -Date.parse(system.recoverableTo) : null),
    cell: (system) =>
      system.kind === "service" ? <span className="text-ink-3">none</span> : <ExposureValue system={system} />,
  },
  {
    id: "rpo",
    header: "RPO target",
    width: 98,
    sortBy: (system) => system.rpoTargetSeconds,
    cell: (system) => (
      <span className="flex items-center gap-1 text-ink-3">
        <span className="min-w-8">
          {system.rpoTargetSeconds === null ? "none" : formatTarget(system.rpoTargetSeconds)}
        </span>
        <ExposureBullet system={system} className="w-[54px]" />
      </span>
    ),
  },
  {
    id: "rto",
    header: "RTO actual",
    width: 76,
    isRight: true,
    sortBy: (system) => system.rtoActualSeconds,
    cell: (system) => <RtoValue system={system} />,
  },
  {
    id: "rto-target",
    header: "target",
    width: 98,
    sortBy: (system) => system.rtoTargetSeconds,
    cell: (system) => (
      <span className="flex items-center gap-1 text-ink-3">
        <span className="min-w-8">{formatTarget(system.rtoTargetSeconds)}</span>
        <Bullet
          className="w-[54px]"
          actual={system.rtoActualSeconds}
          target={system.rtoTargetSeconds}
          label={`RTO ${system.rtoActualSeconds === null ? "not measured" : formatDuration(system.rtoActualSeconds * 1_000)}, target ${formatTarget(system.rtoTargetSeconds)}`}
        />
      </span>
    ),
  },
  {
    id: "attempt",
    header: "Last attempt",
    width: 82,
    isRight: true,
    sortBy: (system) => system.lastAttemptAt,
    cell: (system) => <LastAttempt system={system} />,
  },
  {
    id: "success",
    header: "Last success",
    width: 84,
    isRight: true,
    sortBy: (system) => system.lastSuccessAt,
    cell: (system) => <Age at={system.lastSuccessAt} />,
  },
  {
    id: "proven",
    header: "Last proven",
    width: 82,
    isRight: true,
    sortBy: (system) => system.lastProvenAt,
    cell: (system) =>
      system.kind === "service" || system.lastProvenAt ? (
        <Age at={system.lastProvenAt} />
      ) : (
        <span className="text-ink-2">never</span>
      ),
  },
  {
    id: "calendar",
    header: (
      <span className="flex justify-between">
        <span>Backups, 30 days</span>
        <span>today</span>
      </span>
    ),
    className: "pl-3 narrow:hidden",
    cell: (system) =>
      system.kind === "service" ? (
        <span className="text-ink-3" title={system.decision ?? undefined}>
          none, by decision
        </span>
      ) : (
        <Calendar days={system.calendar} />
      ),
  },
];

const menuColumn: DataColumn<SystemSummary> = {
  id: "menu",
  header: <span className="sr-only">Actions</span>,
  width: 42,
  cell: (system) => <SystemMenu system={system} />,
};

function SystemMenu({ system }: { system: SystemSummary }) {
  const router = useRouter();
  const backup = useAction(startBackup, {
    onDone: ({ runId }) => router.push(`/runs/${runId}`),
    onFailed: ({ message, hint }) => showToast({ title: message, ...(hint ? { description: hint } : {}) }),
  });
  return (
    <span className="relative z-1">
      <MenuRoot>
        <MenuTrigger
          label={`Actions for ${system.title}`}
          render={
            <Button look="quiet" size="icon-small" className="text-ink-3">
              <Icon name="more" />
            </Button>
          }
        />
        <MenuPopup>
          {system.kind !== "service" && (
            <>
              <MenuItem disabled={backup.isPending} onClick={() => backup.run({ system: system.name, type: "full" })}>
                Back up now
              </MenuItem>
              <MenuLink render={<Link href={`/recovery/restore?system=${system.name}`} />}>Restore a copy</MenuLink>
              <MenuLink render={<Link href={`/backups?system=${system.name}`} />}>Backups</MenuLink>
            </>
          )}
          <MenuLink render={<Link href={`/systems/${system.name}`} />}>Open</MenuLink>
        </MenuPopup>
      </MenuRoot>
    </span>
  );
}

function PhoneRow({ system }: { system: SystemSummary }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="font-medium">{system.title}</span>
        <SystemStatus system={system} />
      </span>
      <span className="mt-0.5 grid grid-cols-[148px_1fr_auto] gap-x-1 text-12 whitespace-nowrap text-ink-3">
        {system.kind === "service" ? (
          <span className="truncate">not backed up</span>
        ) : (
          <span>
            exposure{" "}
            <span className="text-ink">
              <ExposureValue system={system} />
            </span>
            {system.rpoTargetSeconds !== null && ` / ${formatTarget(system.rpoTargetSeconds)}`}
          </span>
        )}
        <span>
          RTO{" "}
          <span className="text-ink">
            {system.rtoActualSeconds === null ? "–" : formatDuration(system.rtoActualSeconds * 1_000)}
          </span>{" "}
          / {formatTarget(system.rtoTargetSeconds)}
        </span>
        <span>
          proven{" "}
          <span className="text-ink">
            <Age at={system.lastProvenAt} />
          </span>
        </span>
      </span>
    </>
  );
}
