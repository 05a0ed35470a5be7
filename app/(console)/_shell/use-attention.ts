"use client";

import { useQuery } from "@tanstack/react-query";
import { drillsQuery, openAlertsQuery, openRunsQuery, systemsQuery } from "@/app/_client/queries";
import type { RunSummary } from "@/lib/runs/schemas";

const WEIGHT = (run: RunSummary) =>
  (run.state === "waiting" ? 100 : 0) +
  (run.mode === "live" ? 50 : 0) +
  (run.kind === "runbook" ? 10 : 0) +
  (run.state === "running" ? 5 : 0);

/** What somebody must look at: the counts in the navigation and the run at its foot. */
export function useAttention() {
  const systems = useQuery(systemsQuery());
  const runs = useQuery(openRunsQuery());
  const drills = useQuery(drillsQuery());
  const alerts = useOpenAlerts();
  const open = runs.data?.runs ?? [];
  const states = systems.data?.systems.map((system) => system.state) ?? [];
  const counts = drills.data?.periods.map((period) => period.counts) ?? [];
  const sum = (pick: (count: Partial<Record<string, number>>) => number | undefined) =>
    counts.reduce((total, count) => total + (pick(count) ?? 0), 0);
  return {
    failed: states.filter((state) => state === "failed").length,
    warning: states.filter((state) => state === "warning").length,
    ...alerts,
    waiting: open.filter((run) => run.state === "waiting").length,
    open: open.length,
    due: sum((count) => count["due"]),
    overdue: sum((count) => count["overdue"]),
    toSign: sum((count) => count["done"]),
    foremost: open.toSorted((one, other) => WEIGHT(other) - WEIGHT(one))[0] ?? null,
    factsAt: systems.data ? Date.parse(systems.data.asOf) : null,
    isFailing: systems.isError || systems.failureCount > 0 || systems.fetchStatus === "paused",
  };
}

function useOpenAlerts() {
  const alerts = useQuery(openAlertsQuery()).data?.alerts ?? [];
  const isGrave = alerts.some((alert) => alert.severity !== "warning");
  return { alerts: alerts.length, alertTone: isGrave ? ("failed" as const) : ("warning" as const) };
}

export type Attention = ReturnType<typeof useAttention>;
