"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import { systemQuery } from "@/app/_client/queries";
import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { Pane, PaneHead } from "@/components/patterns/pane";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { Measurement, SystemSummary } from "@/lib/systems/schemas";

// The chart's library is a third of the page's weight: it comes after the figures.
const TrendChart = dynamic(() => import("@/components/patterns/trend-chart").then((module) => module.TrendChart), {
  ssr: false,
  loading: () => <div className="h-[60px]" />,
});
const TrendTable = dynamic(() => import("@/components/patterns/trend-chart").then((module) => module.TrendTable), {
  ssr: false,
});

const SHOWN = 20;

/** RTO and RPO as they were measured, against their targets. */
export function TrendPane({ system }: { system: SystemSummary }) {
  const { data } = useQuery(systemQuery(system.name));
  const [isTable, setIsTable] = useState(false);
  const measurements = (data?.measurements ?? [])
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
    .slice(-SHOWN);
  const toggle = (
    <button type="button" className="hover:text-ink" onClick={() => setIsTable(!isTable)}>
      {isTable ? "Chart" : "Table"}
    </button>
  );
  return (
    <Pane label="RTO and RPO, actual against target">
      <PaneHead
        title={`${system.title}, actual against target`}
        scope={measurements.length > 0 ? `n ${measurements.length}` : null}
        more={measurements.length > 0 ? toggle : undefined}
      />
      {measurements.length === 0 && (
        <p className="pb-3 text-ink-3">
          No measurement yet. A drill measures both; targets are RTO {formatTarget(system.rtoTargetSeconds)}
          {system.rpoTargetSeconds !== null && ` and RPO ${formatTarget(system.rpoTargetSeconds)}`}.
        </p>
      )}
      {measurements.length > 0 && isTable && (
        <TrendTable
          rows={measurements.toReversed().map((each) => ({
            id: each.runId,
            at: each.at,
            rtoSeconds: each.rtoActualSeconds,
            rpoSeconds: each.rpoActualSeconds,
          }))}
        />
      )}
      {measurements.length > 0 && !isTable && <Charts system={system} measurements={measurements} />}
    </Pane>
  );
}

function Charts({ system, measurements }: { system: SystemSummary; measurements: readonly Measurement[] }) {
  const { zone } = useZone();
  const newest = measurements.at(-1);
  const day = newest ? formatInstant(Date.parse(newest.at), "day", zone) : "";
  const rpo = measurements.flatMap((each) =>
    each.rpoActualSeconds === null ? [] : [{ id: each.runId, at: each.at, seconds: each.rpoActualSeconds }],
  );
  const newestRpo = rpo.at(-1);
  return (
    <>
      <ChartHead
        name="RTO"
        text={`measured in a ${newest?.mode === "live" ? "live run" : "drill"} on ${day}`}
        value={newest ? formatDuration(newest.rtoActualSeconds * 1_000) : "?"}
      />
      <TrendChart
        label={`RTO actual, ${measurements.length} measurements; target ${formatTarget(system.rtoTargetSeconds)}`}
        points={measurements.map((each) => ({ id: each.runId, at: each.at, seconds: each.rtoActualSeconds }))}
        targetSeconds={system.rtoTargetSeconds}
        targetText={`target ${formatTarget(system.rtoTargetSeconds)}`}
      />
      {system.rpoTargetSeconds !== null && newestRpo && (
        <>
          <ChartHead
            name="RPO"
            text="from the heartbeat in the recovered data"
            value={formatDuration(newestRpo.seconds * 1_000)}
          />
          <TrendChart
            label={`RPO actual, ${rpo.length} measurements; target ${formatTarget(system.rpoTargetSeconds)}`}
            points={rpo}
            targetSeconds={system.rpoTargetSeconds}
            targetText={`target ${formatTarget(system.rpoTargetSeconds)}`}
            hasAxis
          />
        </>
      )}
    </>
  );
}

function ChartHead({ name, text, value }: { name: string; text: string; value: string }) {
  return (
    <div className="flex h-[18px] gap-2 text-12 whitespace-nowrap text-ink-3">
      <span className="font-medium text-ink">{name}</span>
      <span className="truncate">{text}</span>
      <span className="ml-auto text-ink">{value}</span>
    </div>
  );
}
