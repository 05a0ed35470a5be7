"use client";

import Link from "next/link";
import { Bullet } from "@/components/patterns/bullet";
import { useNow } from "@/components/patterns/clock";
import { ProgressBar } from "@/components/patterns/progress";
import { Glyph } from "@/components/patterns/status";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { RunSummary } from "@/lib/runs/schemas";
import { soFarMs } from "../runs/run-status";

/** The run that waits or runs, on every page. */
export function RunAtFoot({ run }: { run: RunSummary }) {
  const now = useNow();
  const rtoMs = soFarMs(run, now);
  const mode = { live: "Live run, ", drill: "Drill, " };
  return (
    <Link
      href={`/runs/${run.id}`}
      className="mx-2 mb-2 block border-y border-line px-2 py-2.5 text-12 text-ink-2 hover:bg-hover rail:hidden"
    >
      <span className="flex items-center gap-1.5 font-medium text-ink">
        <Glyph tone={run.state === "waiting" ? "warning" : "running"} />
        {run.state === "waiting" ? "Waits for a decision" : run.state === "queued" ? "Queued" : "Running"}
      </span>
      <span className="mt-1 block truncate">
        {run.mode ? mode[run.mode] : ""}
        {run.title}
      </span>
      {rtoMs !== null && run.rtoTargetSeconds ? (
        <Cost rtoMs={rtoMs} targetSeconds={run.rtoTargetSeconds} />
      ) : (
        <Place run={run} />
      )}
    </Link>
  );
}

function Cost({ rtoMs, targetSeconds }: { rtoMs: number; targetSeconds: number }) {
  const words = `RTO so far ${formatDuration(rtoMs)} of ${formatTarget(targetSeconds)}`;
  return (
    <>
      <span className="mt-1 flex justify-between">
        <span>RTO {formatDuration(rtoMs)}</span>
        <span className="text-ink-3">of {formatTarget(targetSeconds)}</span>
      </span>
      <Bullet className="mt-1.5" actual={rtoMs / 1_000} target={targetSeconds} label={words} />
    </>
  );
}

function Place({ run }: { run: RunSummary }) {
  if (run.stepsTotal === 0) return null;
  return (
    <>
      <span className="mt-1 mb-1.5 flex justify-between gap-2">
        <span className="truncate">{run.currentStep ?? "to start"}</span>
        <span className="whitespace-nowrap text-ink-3">
          {run.stepsDone} of {run.stepsTotal}
        </span>
      </span>
      <ProgressBar
        done={run.stepsDone}
        total={run.stepsTotal}
        label={`${run.stepsDone} of ${run.stepsTotal} steps done`}
      />
    </>
  );
}
