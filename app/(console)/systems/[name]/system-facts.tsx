"use client";

import Link from "next/link";
import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { Fact, Facts } from "@/components/patterns/pane";
import { Glyph } from "@/components/patterns/status";
import { Age, NearInstant, Until } from "@/components/patterns/time";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { SystemDetail } from "@/lib/systems/schemas";
import { ExposureValue } from "../exposure";

const ATTEMPT_TONE = { running: "running", complete: "ok", incomplete: "warning", failed: "failed" } as const;

/** Six facts: what would be lost, how long it would take, three ages, the newest hole. */
export function SystemFacts({ system }: { system: SystemDetail }) {
  return (
    <Facts columns={6}>
      <ExposureFact system={system} />
      <RtoFact system={system} />
      <AttemptFact system={system} />
      <Fact
        name="Last success"
        evidence={system.lastSuccessAt ? <NearInstant at={system.lastSuccessAt} /> : "none yet"}
      >
        <b>
          <Age at={system.lastSuccessAt} suffix=" ago" />
        </b>
      </Fact>
      <ProofFact system={system} />
      {system.kind === "mariadb" ? <GapFact system={system} /> : <NextFact system={system} />}
    </Facts>
  );
}

function ExposureFact({ system }: { system: SystemDetail }) {
  const worst = system.lanes
    .filter((lane) => lane.recoverableTo === system.recoverableTo)
    .map((lane) => lane.repository);
  const where = worst.length > 1 ? "every repository" : `in ${worst.join(", ")}`;
  return (
    <Fact name="Exposure, RPO target" evidence={system.recoverableTo ? where : "nothing is recoverable yet"}>
      <b>
        <ExposureValue system={system} />
      </b>{" "}
      {system.rpoTargetSeconds !== null && `of ${formatTarget(system.rpoTargetSeconds)}`}
    </Fact>
  );
}

function RtoFact({ system }: { system: SystemDetail }) {
  const evidence = system.measuredRunId ? (
    <Link href={`/runs/${system.measuredRunId}`} className="hover:text-ink">
      measured <Age at={system.measuredAt} suffix=" ago" />, n {system.measurements.length}
    </Link>
  ) : (
    "no drill has measured it"
  );
  return (
    <Fact name="RTO actual, target" evidence={evidence}>
      <b>{system.rtoActualSeconds === null ? "?" : formatDuration(system.rtoActualSeconds * 1_000)}</b> of{" "}
      {formatTarget(system.rtoTargetSeconds)}
    </Fact>
  );
}

function AttemptFact({ system }: { system: SystemDetail }) {
  const state = system.lastAttemptState;
  return (
    <Fact name="Last attempt" evidence={system.server?.error ?? (state ? `backup ${state}` : "none yet")}>
      {state && state !== "complete" && <Glyph tone={ATTEMPT_TONE[state]} label={state} />}
      <b>
        <Age at={system.lastAttemptAt} suffix=" ago" />
      </b>
    </Fact>
  );
}

function ProofFact({ system }: { system: SystemDetail }) {
  if (!system.lastProvenAt) {
    return (
      <Fact name="Last proven restore" evidence="no restore was proven">
        <Glyph tone="unknown" label="unknown" />
        <b>never</b>
      </Fact>
    );
  }
  const evidence = (
    <>
      <NearInstant at={system.lastProvenAt} />, {system.lastProvenLevel}
    </>
  );
  return (
    <Fact name="Last proven restore" evidence={evidence}>
      <b>
        <Age at={system.lastProvenAt} suffix=" ago" />
      </b>
    </Fact>
  );
}

/** Where there is no log to have a gap: when the next backup is due. */
function NextFact({ system }: { system: SystemDetail }) {
  const next = system.schedules
    .flatMap(({ type, next: [at] }) => (at ? [{ type, at }] : []))
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))[0];
  return (
    <Fact name="Next backup" evidence={next ? <NearInstant at={next.at} /> : "none is scheduled"}>
      <b>{next ? <Until at={next.at} /> : "none"}</b> {next?.type}
    </Fact>
  );
}

function GapFact({ system }: { system: SystemDetail }) {
  const { zone } = useZone();
  const gap = system.gaps.find((each) => each.from && each.to);
  if (!gap?.from || !gap.to) {
    return (
      <Fact name="Log gap" evidence={system.heartbeatAt ? "every second is covered" : "no heartbeat yet"}>
        <b>none</b>
      </Fact>
    );
  }
  const from = Date.parse(gap.from);
  const to = Date.parse(gap.to);
  return (
    <Fact
      name="Log gap"
      evidence={`${formatInstant(from, "day-minute", zone)} to ${formatInstant(to, "minute", zone)}: ${gap.reason}`}
    >
      <Glyph tone="warning" label="gap" />
      <b>{formatDuration(to - from)}</b>
    </Fact>
  );
}
