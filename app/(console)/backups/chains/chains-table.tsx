"use client";

import Link from "next/link";
import { ChainBar } from "@/components/patterns/chain-bar";
import { useZone } from "@/components/patterns/clock";
import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { formatInstant } from "@/components/patterns/instant";
import { Verification } from "@/components/patterns/levels";
import { Glyph } from "@/components/patterns/status";
import { Age, Instant } from "@/components/patterns/time";
import { formatBytes, formatCountOf, formatDuration } from "@/lib/kernel/format";
import type { Chain, ChainPage } from "@/lib/backups/schemas";
import { COPY_TONE } from "../backup-status";

interface ChainsTableProps {
  chains: readonly Chain[];
  page: ChainPage;
  system: string;
  mayRestore: boolean;
}

/** One row a chain, newest first; the row leads to its full. */
export function ChainsTable({ chains, page, system, mayRestore }: ChainsTableProps) {
  const columns = [
    fullColumn,
    stateColumn(page.repository),
    drawnColumn(page),
    reachColumn,
    transactionsColumn,
    bytesColumn,
    provenColumn,
    ...(mayRestore ? [restoreColumn(system, page.repository)] : []),
  ];
  return (
    <DataTable
      label={`Chains of ${system} in ${page.repository}`}
      columns={columns}
      rows={chains}
      rowKey={(chain) => chain.backupId}
      href={(chain) => `/backups/${chain.backupId}`}
      phone={(chain) => <PhoneRow chain={chain} page={page} />}
    />
  );
}

const fullColumn: DataColumn<Chain> = {
  id: "full",
  header: "Full",
  width: 122,
  sortBy: (chain) => chain.startedAt,
  cell: (chain) => <Instant at={chain.startedAt} form="day-minute" />,
};

const stateColumn = (repository: string): DataColumn<Chain> => ({
  id: "state",
  header: repository,
  width: 86,
  sortBy: (chain) => chain.state,
  cell: (chain) => (
    <span className="inline-flex items-center gap-1.5">
      <Glyph tone={COPY_TONE[chain.state]} />
      {chain.state}
    </span>
  ),
});

const drawnColumn = (page: ChainPage): DataColumn<Chain> => ({
  id: "drawn",
  header: "To the next full",
  cell: (chain) => <ChainBar chain={chain} asOf={page.asOf} />,
});

const reachColumn: DataColumn<Chain> = {
  id: "reach",
  header: "Reaches to",
  width: 172,
  sortBy: (chain) => chain.reach?.to ?? null,
  cell: (chain) => <Reach chain={chain} />,
};

function Reach({ chain }: { chain: Chain }) {
  const { zone } = useZone();
  if (!chain.reach) return <span className="text-ink-2">nothing: no copy here</span>;
  const from = Date.parse(chain.reach.from);
  const to = Date.parse(chain.reach.to);
  if (from === to) return <>only {formatInstant(from, "day-time", zone)}</>;
  return (
    <span
      title={`${formatInstant(from, "full", zone)} to ${formatInstant(to, "full", zone)}, ${formatDuration(to - from)}`}
    >
      {formatInstant(to, "day-time", zone)} <span className="text-ink-3">{formatDuration(to - from)}</span>
    </span>
  );
}

/** `0-1-4711` of a list of one; how many more there are otherwise. */
function shortGtid(gtid: string | null): string | null {
  if (!gtid) return null;
  const [first = "", ...others] = gtid.split(",");
  return others.length > 0 ? `${first} +${others.length}` : first;
}

const transactionsColumn: DataColumn<Chain> = {
  id: "gtid",
  header: "GTID from, to",
  width: 196,
  className: "narrow:hidden",
  cell: (chain) => <Transactions chain={chain} />,
};

function Transactions({ chain }: { chain: Chain }) {
  const from = shortGtid(chain.gtid);
  const to = shortGtid(chain.log?.lastGtid ?? null);
  if (!from) return <span className="text-ink-3">–</span>;
  return (
    <span className="mono" title={`${chain.gtid ?? ""} to ${chain.log?.lastGtid ?? "its own position"}`}>
      {from}
      {to && to !== from && <span className="text-ink-3"> to {to.replace(/^\d+-\d+-/, "…")}</span>}
    </span>
  );
}

const bytesColumn: DataColumn<Chain> = {
  id: "bytes",
  header: "Full + log",
  width: 132,
  isRight: true,
  sortBy: (chain) => chain.sizeBytes,
  cell: (chain) => <Bytes chain={chain} />,
};

/** The log of files has no transactions, and is counted in backups. */
function logTitle({ log, gtid }: Chain): string {
  return formatCountOf(log?.files ?? 0, gtid === null ? "log backup" : "whole log file");
}

function Bytes({ chain }: { chain: Chain }) {
  return (
    <>
      {chain.sizeBytes === null ? "–" : formatBytes(chain.sizeBytes)}
      {chain.log && (
        <span className="text-ink-3" title={logTitle(chain)}>
          {" "}
          + {formatBytes(chain.log.storedBytes)}
        </span>
      )}
    </>
  );
}

const provenColumn: DataColumn<Chain> = {
  id: "proven",
  header: "Proven by a restore",
  width: 146,
  className: "pl-4",
  sortBy: (chain) => chain.proven?.at ?? null,
  cell: (chain) => <Proven chain={chain} />,
};

function Proven({ chain }: { chain: Chain }) {
  if (!chain.proven) return <span className="text-ink-3">not proven yet</span>;
  return <Verification level={chain.proven.level} note={<Age at={chain.proven.at} />} />;
}

const restoreColumn = (system: string, repository: string): DataColumn<Chain> => ({
  id: "restore",
  header: <span className="sr-only">Restore</span>,
  width: 72,
  cell: (chain) =>
    chain.reach && (
      <Link
        className="relative z-1 link"
        href={`/recovery/restore?${new URLSearchParams({ system, from: repository, at: chain.reach.to, step: "point" }).toString()}`}
      >
        Restore
      </Link>
    ),
});

function PhoneRow({ chain, page }: { chain: Chain; page: ChainPage }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="font-medium">
          full <Instant at={chain.startedAt} form="day-minute" />
        </span>
        <span className="inline-flex items-center gap-1.5 text-12">
          <Glyph tone={COPY_TONE[chain.state]} />
          {chain.state}
        </span>
      </span>
      <span className="my-1 block">
        <ChainBar chain={chain} asOf={page.asOf} />
      </span>
      <span className="grid gap-0.5 text-12 text-ink-3">
        <span>
          reaches <Reach chain={chain} />
        </span>
        <span className="flex justify-between">
          <Bytes chain={chain} />
          <Proven chain={chain} />
        </span>
      </span>
    </>
  );
}
