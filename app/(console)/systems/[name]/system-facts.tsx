"use client";

import Link from "next/link";
import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { Fact, Facts } from "@/components/patterns/pane";
import { Glyph } from "@/components/patterns/status";
import { Age, NearInstant } from "@/components/patterns/time";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { SystemDetail } from "@/lib/systems/schemas";
import { ExposureValue } from "../exposure";

const ATTEMPT_TONE = { running: "running", complete: "ok", incomplete: "warning", failed: "failed" } as const;

/** Six facts: what would be lost, how long it would take, three ages, the newest hole. */
export function SystemFacts({ system }: { system: SystemDetail }) {
  const worst = system.lanes.find((lane) => lane.recoverableTo === system.recoverableTo);
  const tone = system.lastAttemptState ? ATTEMPT_TONE[system.lastAttemptState] : null;
  return (
    <Facts columns={6}>
      <Fact name="Exposure, RPO target" evidence={worst ? `${worst.repository}, the worse repository` : "nothing is recoverable yet"}>
        <b>
          <ExposureValue system={system} />
        </b>{" "}
        {system.rpoTargetSeconds !== null && `of ${formatTarget(system.rpoTargetSeconds)}`}
      </Fact>
      <Fact
        name="RTO actual, target"
        evidence={
          system.measuredRunId ? (
            <Link href={`/runs/${system.measuredRunId}`} className="hover:text-ink">
              measured <Age at={system.measuredAt} suffix=" ago" />, n {system.measurements.length}
            </Link>
          ) : (
            "no drill has measured it"
          )
        }
      >
        <b>{system.rtoActualSeconds === null ? "?" : formatDuration(system.rtoActualSeconds * 1_000)}</b> of {formatTarget(system.rtoTargetSeconds)}
      </Fact>
      <Fact name="Last attempt" evidence={system.server?.error ?? (system.lastAttemptState ? `full backup, ${system.lastAttemptState}` : "none yet")}>
        {tone && tone !== "ok" && <Glyph tone={tone} label={system.lastAttemptState ?? ""} />}
        <b>
          <Age at={system.lastAttemptAt} suffix=" ago" />
        </b>
      </Fact>
      <Fact name="Last success" evidence={system.lastSuccessAt ? <NearInstant at={system.lastSuccessAt} /> : "none yet"}>
        <b>
          <Age at={system.lastSuccessAt} suffix=" ago" />
        </b>
      </Fact>
      <Fact
        name="Last proven restore"
        evidence={
          system.lastProvenAt ? (
            <>
              <NearInstant at={system.lastProvenAt} />, {system.lastProvenLevel}
            </>
          ) : (
            "no restore was proven"
          )
        }
      >
        {!system.lastProvenAt && <Glyph tone="unknown" label="unknown" />}
        <b>{system.lastProvenAt ? <Age at={system.lastProvenAt} suffix=" ago" /> : "never"}</b>
      </Fact>
      <GapFact system={system} />
    </Facts>
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
    <Fact name="Log gap" evidence={`${formatInstant(from, "day-minute", zone)} to ${formatInstant(to, "minute", zone)}: ${gap.reason}`}>
      <Glyph tone="warning" label="gap" />
      <b>{formatDuration(to - from)}</b>
    </Fact>
  );
}
