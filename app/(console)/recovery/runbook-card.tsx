"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { startRunbook } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { KeyValue, KeyValues, PaneHead } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { Button, buttonStyles } from "@/components/ui/button";
import { Confirm } from "@/components/ui/dialog";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { RunbookView } from "@/lib/runbooks/schemas";
import type { RunState } from "@/lib/runs/schemas";
import { RUN_TONE, RUN_WORD } from "../runs/run-status";

interface RunbookCardProps {
  runbook: RunbookView;
  /** Chosen on a system's page. */
  point: { at: string | null; from: string | null };
  mayDrill: boolean;
  mayGoLive: boolean;
  isAsking: boolean;
  onAsk: (isAsking: boolean) => void;
}

/** One runbook: what it is for, its steps with their estimates and measures, what its last runs showed. */
export function RunbookCard({ runbook, point, mayDrill, mayGoLive, isAsking, onAsk }: RunbookCardProps) {
  const router = useRouter();
  const drill = useAction(startRunbook, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  const { from, to } = runbook.estimateSeconds;
  const query = new URLSearchParams({
    ...(point.at ? { at: point.at } : {}),
    ...(point.from ? { from: point.from } : {}),
  });
  const live = `/recovery/${runbook.id}/live${query.size > 0 ? `?${query.toString()}` : ""}`;
  return (
    <section id={runbook.id} aria-label={runbook.title} className="border-t border-line">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 phone:px-3">
        <h2 className="text-14 font-semibold">{runbook.title}</h2>
        <span className="min-w-0 text-ink-3">
          {runbook.scenario}, version {runbook.version}, on{" "}
          {runbook.system ? (
            <Link href={`/systems/${runbook.system}`} className="link">
              {runbook.system}
            </Link>
          ) : (
            "no declared database"
          )}
        </span>
        <div className="ml-auto flex gap-2 phone:ml-0 phone:w-full phone:[&>*]:flex-1">
          {mayGoLive && (
            <Link href={live} className={buttonStyles()}>
              Live recovery
            </Link>
          )}
          {mayDrill && (
            <Confirm
              title={`Start drill: ${runbook.title}`}
              isOpen={isAsking}
              onOpenChange={onAsk}
              consequence={<Consequence runbook={runbook} point={point} />}
              confirm="Start drill"
              isPending={drill.isPending}
              onConfirm={() =>
                drill.run({
                  runbook: runbook.id,
                  mode: "drill",
                  ...(point.at ? { at: point.at } : {}),
                  ...(point.from ? { from: point.from } : {}),
                })
              }
              trigger={
                <Button look="primary" disabled={drill.isPending || !runbook.system} focusableWhenDisabled>
                  Start drill
                </Button>
              }
            />
          )}
        </div>
      </div>
      {drill.failure && <ErrorNote failure={drill.failure} className="px-4 pb-2 phone:px-3" />}
      <div className="grid grid-cols-[minmax(0,664fr)_minmax(0,440fr)] border-t border-line phone:block">
        <Steps runbook={runbook} />
        <div className="border-l border-line px-4 pb-3 phone:border-t phone:border-l-0 phone:px-3">
          <PaneHead title="When" />
          <ul className="text-12 text-ink-2">
            {runbook.symptoms.map((symptom) => (
              <li key={symptom}>{symptom}</li>
            ))}
          </ul>
          <KeyValues className="mt-2">
            <KeyValue name="Estimate" width="w-[84px]">
              {formatTarget(from)} to {formatTarget(to)} <span className="text-ink-3">in the standard</span>
            </KeyValue>
            <KeyValue name="Data loss" width="w-[84px]">
              {runbook.expectedDataLoss} <span className="text-ink-3">expected</span>
            </KeyValue>
            <KeyValue name="Live target" width="w-[84px]">
              {runbook.live.target ?? <span className="text-ink-3">{runbook.live.reason ?? "none"}</span>}
            </KeyValue>
          </KeyValues>
          <LastRuns runbook={runbook} />
        </div>
      </div>
    </section>
  );
}

function Consequence({ runbook, point }: { runbook: RunbookView; point: RunbookCardProps["point"] }) {
  const left = runbook.steps.filter((step) => step.drill === "not-exercised");
  return (
    <>
      <p>
        Recovers {runbook.system} to{" "}
        {point.at && point.at !== "latest" ? <code className="mono">{point.at}</code> : "the newest point"}
        {point.from ? ` from ${point.from} alone` : ""}, on a throw-away server. Production is not touched; RTO and RPO
        are measured.
      </p>
      {left.length > 0 && (
        <p className="mt-2 text-12 text-ink-3">
          Not exercised: {left.map((step) => step.title.toLowerCase()).join(", ")}. The run says so.
        </p>
      )}
    </>
  );
}

const DRILL_NOTE = { "carried-out": null, rehearsed: "rehearsed in a drill", "not-exercised": "live only" } as const;

function Steps({ runbook }: { runbook: RunbookView }) {
  return (
    <div className="min-w-0">
      <div className="grid h-8 grid-cols-[18px_minmax(0,1fr)_84px_92px] items-center gap-x-2 px-4 text-12 phone:grid-cols-[18px_minmax(0,1fr)_92px] phone:px-3">
        <h3 className="col-span-2 font-semibold">
          Steps <span className="ml-1 font-normal text-ink-3">{runbook.steps.length}</span>
        </h3>
        <span className="text-right text-ink-3 phone:hidden">estimate</span>
        <span className="text-right text-ink-3">measured</span>
      </div>
      <ol>
        {runbook.steps.map((step, index) => (
          <li
            key={step.key}
            className="grid min-h-8 grid-cols-[18px_minmax(0,1fr)_84px_92px] items-center gap-x-2 border-t border-line px-4 py-0.5 phone:grid-cols-[18px_minmax(0,1fr)_92px] phone:px-3 tall:min-h-10"
          >
            <span className="text-right text-12 text-ink-3">{index + 1}</span>
            <span className="grid min-w-0">
              <span className="truncate leading-[15px] font-medium">
                {step.title}
                {DRILL_NOTE[step.drill] && (
                  <span className="ml-2 text-12 font-normal text-ink-3">{DRILL_NOTE[step.drill]}</span>
                )}
              </span>
              <span className="truncate text-12 leading-3.5 text-ink-3" title={step.does}>
                {step.does}
              </span>
            </span>
            <span className="text-right text-ink-3 phone:hidden">{formatTarget(step.estimateSeconds)}</span>
            <span className="text-right whitespace-nowrap">
              {step.measuredSeconds === null ? (
                <span className="text-ink-3">–</span>
              ) : (
                formatDuration(step.measuredSeconds * 1_000)
              )}
              {step.measuredRuns > 0 && <span className="text-12 text-ink-3"> n {step.measuredRuns}</span>}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function LastRuns({ runbook }: { runbook: RunbookView }) {
  return (
    <>
      <PaneHead title="Last runs" scope={runbook.lastRuns.length} more={<Link href="/runs?kind=runbook">All</Link>} />
      {runbook.lastRuns.length === 0 && (
        <p className="text-12 text-ink-3">It was never run. A drill shows whether the way is open.</p>
      )}
      <ul>
        {runbook.lastRuns.slice(0, 6).map((run) => {
          const state = run.state as RunState;
          return (
            <li key={run.runId} className="flex h-6 items-center gap-2">
              <Glyph tone={RUN_TONE[state]} label={RUN_WORD[state]} />
              <Link href={`/runs/${run.runId}`} className="hover:underline">
                {run.mode === "live" ? "Live run" : "Drill"}
              </Link>
              <span className="truncate text-12 text-ink-3">
                {run.rtoActualSeconds === null
                  ? RUN_WORD[state].toLowerCase()
                  : `RTO ${formatDuration(run.rtoActualSeconds * 1_000)}`}
                {run.rpoActualSeconds !== null && `, RPO ${formatDuration(run.rpoActualSeconds * 1_000)}`}
              </span>
              <Age at={run.at} suffix=" ago" className="ml-auto text-12 whitespace-nowrap text-ink-3" />
            </li>
          );
        })}
      </ul>
    </>
  );
}
