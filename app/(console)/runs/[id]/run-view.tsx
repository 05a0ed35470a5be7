"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { runQuery } from "@/app/_client/queries";
import { LogViewer } from "@/components/patterns/log-viewer";
import { progressWords } from "@/components/patterns/progress";
import { RunTimeline, type TimelineStep } from "@/components/patterns/run-timeline";
import { ErrorNote, Loaded } from "@/components/patterns/states";
import type { RunDetail, StepView } from "@/lib/runs/schemas";
import { disruptionOfRun } from "../run-status";
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
export function RunView(props: RunViewProps) {
  // The stream keeps it fresh; asking besides would only race with it.
  const run = useQuery({ ...runQuery(props.id), refetchInterval: false });
  return (
    <Loaded answer={run} rows={8}>
      {(data) => <Run run={data} {...props} />}
    </Loaded>
  );
}

function Run({ run, id, mayAbort, mayDecide, mayCompleteDrill }: RunViewProps & { run: RunDetail }) {
  const stream = useRunStream(id);
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <div className="grid h-full grid-cols-[minmax(0,1fr)] grid-rows-[auto_auto_minmax(0,1fr)] phone:flex phone:h-auto phone:flex-col">
      <RunTitle run={run} mayAbort={mayAbort} />
      <RunStrip run={run} />
      <div className="grid min-h-0 grid-cols-[minmax(0,664fr)_minmax(0,440fr)] grid-rows-[minmax(0,1fr)] phone:contents">
        <div className="min-h-0 overflow-auto phone:order-2 phone:overflow-visible">
          {run.error && (
            <ErrorNote
              failure={{ message: run.error.message, hint: run.error.hint ?? undefined }}
              className="border-b border-line bg-failed-tint px-4 py-2 phone:px-3"
            />
          )}
          <Steps run={run} mayDecide={mayDecide} chosen={chosen} onChoose={setChosen} />
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

interface StepsProps {
  run: RunDetail;
  mayDecide: boolean;
  chosen: string | null;
  onChoose: (key: string | null) => void;
}

function Steps({ run, mayDecide, chosen, onChoose }: StepsProps) {
  const steps = useMemo(() => run.steps.map((step) => toTimelineStep(run, step, mayDecide)), [run, mayDecide]);
  if (steps.length === 0) {
    const words =
      run.state === "queued" ? "Waits for a runner; its steps stand here as soon as one takes it." : "It has no steps.";
    return <p className="px-4 py-3 text-ink-3 phone:px-3">{words}</p>;
  }
  const isLive = run.mode === "live";
  return (
    <RunTimeline
      steps={steps}
      startAt={disruptionOfRun(run) ?? run.startedAt ?? run.queuedAt}
      startWord={isLive ? "down" : "start"}
      isDisruption={isLive}
      endedAt={run.endedAt}
      chosen={chosen}
      onChoose={onChoose}
    />
  );
}

function noteOf(step: StepView): string {
  if (step.error) return step.error;
  if (step.summary) return step.summary;
  if (step.progress && step.state === "running") return progressWords(step.progress);
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
