"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { cutQuery } from "@/app/_client/queries";
import { Hash } from "@/components/patterns/copy";
import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { Fact, Facts, PageHeading, PageTitle } from "@/components/patterns/pane";
import { Loaded } from "@/components/patterns/states";
import { Status, type Tone } from "@/components/patterns/status";
import { Age, Instant, NearInstant } from "@/components/patterns/time";
import { formatCountOf, formatDuration } from "@/lib/kernel/format";
import type { CutMember, CutView } from "@/lib/backups/schemas";

const CUT: Record<CutView["state"], { tone: Tone; word: string }> = {
  running: { tone: "running", word: "Running" },
  complete: { tone: "ok", word: "Complete" },
  incomplete: { tone: "warning", word: "Incomplete" },
  failed: { tone: "failed", word: "Failed" },
};

const MEMBER: Record<CutMember["state"], { tone: Tone; word: string }> = {
  queued: { tone: "idle", word: "Queued" },
  running: { tone: "running", word: "Running" },
  complete: { tone: "ok", word: "Complete" },
  incomplete: { tone: "warning", word: "Copy missing" },
  failed: { tone: "failed", word: "Failed" },
};

/** Every system at about one time: what was taken, and how far apart the instants lie. */
export function CutPageView({ id }: { id: string }) {
  const cut = useQuery(cutQuery(id));
  return (
    <Loaded answer={cut} rows={5}>
      {(data) => <Cut cut={data} />}
    </Loaded>
  );
}

function Cut({ cut }: { cut: CutView }) {
  const { tone, word } = CUT[cut.state];
  return (
    <>
      <PageTitle>
        <PageHeading>
          Cut of <NearInstant at={cut.requestedAt} />
        </PageHeading>
        <Status tone={tone}>{word}</Status>
        <span className="flex items-center gap-3 text-ink-3 phone:flex-[1_0_100%] phone:text-12">
          <span className="inline-flex items-center gap-1">
            cut <Hash value={cut.id} label="Copy cut id" />
          </span>
          <Link href={`/runs/${cut.id}`} className="link">
            its run
          </Link>
        </span>
      </PageTitle>
      <CutFacts cut={cut} />
      <DataTable
        label="Backups of the cut"
        columns={columnsOf(cut)}
        rows={cut.members}
        rowKey={(member) => member.runId}
        href={hrefOf}
        phone={(member) => <PhoneRow member={member} cut={cut} />}
      />
    </>
  );
}

function CutFacts({ cut }: { cut: CutView }) {
  const whole = cut.members.filter(({ state }) => state === "complete").length;
  return (
    <Facts columns={4}>
      <Fact name="Requested" evidence={<Instant at={cut.requestedAt} form="day-time" />}>
        <b>
          <Age at={cut.requestedAt} suffix=" ago" />
        </b>
      </Fact>
      <Fact name="Complete" evidence={formatCountOf(cut.members.length, "system")}>
        <b>{whole}</b> of {cut.members.length}
      </Fact>
      <Fact name="Skew" evidence="between the first and the last instant">
        <b>{cut.skewSeconds === null ? "?" : formatDuration(cut.skewSeconds * 1_000)}</b>
      </Fact>
      <Fact name="Span" evidence="until the last backup was read">
        <b>{cut.spanSeconds === null ? "?" : formatDuration(cut.spanSeconds * 1_000)}</b>
      </Fact>
    </Facts>
  );
}

const hrefOf = ({ backupId, runId }: CutMember) => (backupId ? `/backups/${backupId}` : `/runs/${runId}`);

function columnsOf(cut: CutView): DataColumn<CutMember>[] {
  return [
    { id: "system", header: "System", width: 200, sortBy: (member) => member.system, cell: (member) => member.system },
    {
      id: "state",
      header: "State",
      width: 140,
      sortBy: (member) => member.state,
      cell: (member) => <Status tone={MEMBER[member.state].tone}>{MEMBER[member.state].word}</Status>,
    },
    {
      id: "snapshot",
      header: "Shows the instant",
      width: 190,
      sortBy: (member) => member.snapshotAt,
      cell: (member) => <Instant at={member.snapshotAt} form="day-time" />,
    },
    {
      id: "offset",
      header: "After the first",
      width: 110,
      isRight: true,
      cell: (member) => offsetOf(cut, member.snapshotAt),
    },
    {
      id: "ended",
      header: "Read until",
      className: "pl-6",
      sortBy: (member) => member.endedAt,
      cell: (member) => <Instant at={member.endedAt} form="day-time" />,
    },
  ];
}

function PhoneRow({ member, cut }: { member: CutMember; cut: CutView }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="font-medium">{member.system}</span>
        <Status tone={MEMBER[member.state].tone}>{MEMBER[member.state].word}</Status>
      </span>
      <span className="mt-0.5 flex justify-between gap-2 text-12 text-ink-3">
        <span>
          shows <Instant at={member.snapshotAt} form="day-time" />
        </span>
        <span>{offsetOf(cut, member.snapshotAt)}</span>
      </span>
    </>
  );
}

/** `+1m 04s` after the first instant of the cut; a dash as long as there is none. */
function offsetOf(cut: CutView, at: string | null): string {
  if (at === null) return "–";
  const first = Math.min(...cut.members.flatMap((each) => (each.snapshotAt ? [Date.parse(each.snapshotAt)] : [])));
  const ms = Date.parse(at) - first;
  return ms === 0 ? "first" : `+${formatDuration(ms)}`;
}
