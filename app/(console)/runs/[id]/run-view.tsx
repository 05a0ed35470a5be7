"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { runQuery } from "@/app/_client/queries";
import { LogViewer } from "@/components/patterns/log-viewer";
import { progressText } from "@/components/patterns/progress";
import { RunTimeline, type TimelineStep } from "@/components/patterns/run-timeline";
import { ErrorNote, Skeleton } from "@/components/patterns/states";
import type { RunDetail, StepView } from "@/lib/runs/schemas";
import { DecisionForm } from "./decision-form";
import { RunResult } from "./run-result";
import { RunStrip } from "./run-strip";
import { RunTitle } from "./run-title";
import { useRunStream } from "./use-run-stream";

interface RunViewProps {
  id: string;
  mayAbort: boolean;
  mayDecide: boolean;
  mayCompleteDrill: boolean;
}

/** Where the run is, what it cost so far, what it waits for. */
export function RunView({ id, mayAbort, mayDecide, mayCompleteDrill }: RunViewProps) {
  const { data: run, error, refetch } = useQuery({ ...runQuery(id), refetchInterval: false });
  const stream = useRunStream(id);
  const [chosen, setChosen] = useState<string | null>(null);
  const steps = useMemo(() => (run ? run.steps.map((step) => toTimelineStep(run, step, mayDecide)) : []), [run, mayDecide]);
  if (!run) return error ? <ErrorNote failure={error} onRetry={() => void refetch()} /> : <Skeleton rows={8} />;
  const disruptionAt = run.statedDisruptionAt ?? run.disruptionAt;
  return (
    <div className="grid h-full grid-rows-[auto_auto_minmax(0,1fr)] phone:flex phone:h-auto phone:flex-col">
      <RunTitle run={run} mayAbort={mayAbort} />
      <RunStrip run={run} />
      <div className="grid min-h-0 grid-cols-[minmax(0,664fr)_minmax(0,440fr)] grid-rows-[minmax(0,1fr)] phone:block">
        <div className="min-h-0 overflow-auto phone:overflow-visible">
          {run.error && (
            <ErrorNote
              failure={{ message: run.error.message, hint: run.error.hint ?? undefined }}
              className="border-b border-line bg-failed-tint px-4 py-2 phone:px-3"
            />
          )}
          {steps.length === 0 ? (
            <p className="px-4 py-3 text-ink-3 phone:px-3">
              {run.state === "queued" ? "Waits for a runner; its steps stand here as soon as one takes it." : "It has no steps."}
            </p>
          ) : (
            <RunTimeline
              steps={steps}
              startAt={disruptionAt ?? run.startedAt ?? run.queuedAt}
              startWord={disruptionAt && run.mode === "live" ? "down" : "start"}
              isDisruption={run.mode === "live"}
              endedAt={run.endedAt}
              chosen={chosen}
              onChoose={setChosen}
            />
          )}
          <RunResult run={run} mayCompleteDrill={mayCompleteDrill} />
        </div>
        <LogViewer
          lines={stream.lines}
          connection={stream.connection}
          isTruncated={stream.isTruncated}
          downloadHref={`/api/v1/runs/${id}/log?download=1`}
          steps={run.steps.map(({ key, title }) => ({ key, title }))}
          chosenStep={chosen}
          onChooseStep={setChosen}
        />
      </div>
    </div>
  );
}

function noteOf(step: StepView): string {
  if (step.error) return step.error;
  if (step.summary) return step.summary;
  if (step.progress && step.state === "running") return progressText(step.progress);
  const attempts = step.attempts > 1 ? `, attempt ${step.attempts}` : "";
  return `${step.owner ?? ""}${attempts}`;
}

function toTimelineStep(run: RunDetail, step: StepView, mayDecide: boolean): TimelineStep {
  const isWaiting = step.state === "waiting";
  return {
    id: step.key,
    title: step.title,
    note: noteOf(step),
    state: step.state,
    estimateSeconds: step.estimateSeconds,
    startedAt: step.startedAt,
    endedAt: step.endedAt,
    isHuman: isWaiting,
    isExercised: step.exercised,
    detail: isWaiting ? <DecisionForm run={run} step={step} mayDecide={mayDecide} /> : undefined,
  };
}
