"use client";

import Link from "next/link";
import { actorWords } from "@/components/patterns/actor";
import { useNow } from "@/components/patterns/clock";
import { ModeChip } from "@/components/patterns/chip";
import { Pane, PaneHead } from "@/components/patterns/pane";
import { leftText, ProgressBar, progressText, rateText } from "@/components/patterns/progress";
import { Glyph } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { RunSummary } from "@/lib/runs/schemas";
import { RUN_TONE, RUN_WORD, soFarMs } from "../runs/run-status";

interface RunningNowProps {
  open: readonly RunSummary[];
  recent: readonly RunSummary[];
}

const SHOWN = 3;

/** What goes on; without any, the last three runs. */
export function RunningNow({ open, recent }: RunningNowProps) {
  const isQuiet = open.length === 0;
  const shown = (isQuiet ? recent : open).slice(0, SHOWN);
  return (
    <Pane label="Running now">
      <PaneHead
        title={isQuiet ? "Last runs" : "Running now"}
        scope={isQuiet ? null : open.length}
        more={<Link href="/runs">All runs</Link>}
      />
      {shown.length === 0 && <p className="text-ink-3">Nothing has run yet.</p>}
      <ul>
        {shown.map((run) => (
          <li key={run.id} className="pb-[7px] tall:pb-[18px]">
            <div className="mb-[3px] flex h-5 items-center gap-2">
              <Glyph tone={RUN_TONE[run.state]} label={RUN_WORD[run.state]} />
              <Link href={`/runs/${run.id}`} className="truncate font-medium hover:underline">
                {run.title}
              </Link>
              {run.mode && <ModeChip>{run.mode === "live" ? "Live run" : "Drill"}</ModeChip>}
              <span className="ml-auto text-12 whitespace-nowrap text-ink-3">
                {isQuiet ? <Ended run={run} /> : <Place run={run} />}
              </span>
            </div>
            {!isQuiet && <StepBar run={run} />}
            <RunFacts run={run} />
          </li>
        ))}
      </ul>
    </Pane>
  );
}

function Ended({ run }: { run: RunSummary }) {
  return (
    <>
      {RUN_WORD[run.state].toLowerCase()} <Age at={run.endedAt ?? run.queuedAt} suffix=" ago" />
    </>
  );
}

function Place({ run }: { run: RunSummary }) {
  if (run.state === "queued") return "queued";
  if (run.stepsTotal > 1) return `step ${Math.min(run.stepsDone + 1, run.stepsTotal)} of ${run.stepsTotal}`;
  return "running";
}

/** One segment a step: done, now, to come; hatched while somebody has to decide. */
function StepBar({ run }: { run: RunSummary }) {
  if (run.progress && run.progress.total !== null && run.stepsTotal <= 1) {
    return <ProgressBar done={run.progress.done} total={run.progress.total} label={progressText(run.progress)} />;
  }
  const share = run.progress?.total ? run.progress.done / run.progress.total : null;
  return (
    <div role="img" aria-label={`${run.stepsDone} of ${run.stepsTotal} steps done`} className="flex h-2 gap-0.5">
      {Array.from({ length: run.stepsTotal }, (_, index) => {
        const isNow = index === run.stepsDone;
        const look =
          index < run.stepsDone ? "bg-mark" : isNow && run.state === "waiting" ? "hatch text-warning" : "bg-track";
        return (
          <i key={index} className={`relative min-w-[3px] flex-1 ${look}`}>
            {isNow && run.state === "running" && share !== null && (
              <i className="absolute inset-y-0 left-0 bg-running" style={{ width: `${share * 100}%` }} />
            )}
            {isNow && run.state === "running" && share === null && (
              // It runs, and nobody knows how far it is: a bar would pretend that somebody does.
              <i className="absolute inset-0 hatch text-running" />
            )}
          </i>
        );
      })}
    </div>
  );
}

/** What a run has cost, failed with, or got through: the one line under its bar. */
function factsOf(run: RunSummary, soFarMs: number | null): string {
  const target = run.rtoTargetSeconds === null ? "" : ` of ${formatTarget(run.rtoTargetSeconds)}`;
  if (soFarMs !== null) return `RTO so far ${formatDuration(soFarMs)}${target}`;
  if (run.rtoActualSeconds !== null) return `RTO ${formatDuration(run.rtoActualSeconds * 1_000)}${target}`;
  if (run.error) return run.error.message;
  if (run.progress) return progressText(run.progress);
  return run.currentStep ?? (run.system ? `on ${run.system}` : "");
}

function RunFacts({ run }: { run: RunSummary }) {
  const now = useNow();
  const isOpen = run.endedAt === null;
  const { progress } = run;
  const pace =
    isOpen && progress ? [rateText(progress), leftText(progress.secondsLeft)].filter(Boolean).join(", ") : "";
  return (
    <div className="mt-[3px] flex justify-between gap-2 text-12 whitespace-nowrap text-ink-3">
      <span className="truncate">{factsOf(run, isOpen ? soFarMs(run, now) : null)}</span>
      <span>{pace || `by ${actorWords(run.startedBy)}`}</span>
    </div>
  );
}
