"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { startRunbook } from "@/app/(console)/actions";
import { systemQuery } from "@/app/_client/queries";
import { useAction } from "@/app/_client/use-action";
import { CheckList, type Check } from "@/components/patterns/check-list";
import { ModeChip } from "@/components/patterns/chip";
import { useNow, useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { PageHeading, PageTitle, PaneHead } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Age } from "@/components/patterns/time";
import { Button, buttonStyles } from "@/components/ui/button";
import { Field, Form, Input } from "@/components/ui/field";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { RunbookView } from "@/lib/runbooks/schemas";
import type { SystemDetail } from "@/lib/systems/schemas";
import { readPoint } from "../../../systems/[name]/point-text";

interface LiveViewProps {
  runbook: RunbookView;
  at: string;
  from: string | null;
  mayGoLive: boolean;
}

/** The severe act, on a page of its own: what will happen, what was checked, the typed name, the reason. */
export function LiveView({ runbook, at, from, mayGoLive }: LiveViewProps) {
  const { data: system } = useQuery({ ...systemQuery(runbook.system), enabled: runbook.system !== "" });
  const steps = runbook.steps.filter((step) => !step.drillOnly);
  return (
    <>
      <PageTitle
        acts={
          <Link href="/recovery" className={buttonStyles()}>
            Back
          </Link>
        }
      >
        <PageHeading>{runbook.title}</PageHeading>
        <ModeChip>Live run</ModeChip>
        <span className="text-ink-3">the recovered server takes the primary&apos;s address</span>
      </PageTitle>
      <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)] border-y border-line phone:block [&>*]:pb-4">
        <section aria-label="What will happen" className="px-4 phone:px-3">
          <PaneHead title="What will happen" scope={`${steps.length} steps`} />
          <ol className="grid gap-1">
            {steps.map((step, index) => (
              <li key={step.key} className="grid grid-cols-[18px_minmax(0,1fr)_auto] gap-x-2">
                <span className="text-right text-12 leading-5 text-ink-3">{index + 1}</span>
                <span className="min-w-0">
                  <span className="font-medium">{step.title}</span>{" "}
                  <span className="text-12 text-ink-3">{step.does}</span>
                </span>
                <span className="text-12 leading-5 whitespace-nowrap text-ink-3">
                  {step.measuredSeconds === null
                    ? `estimate ${formatTarget(step.estimateSeconds)}`
                    : `measured ${formatDuration(step.measuredSeconds * 1_000)}`}
                </span>
              </li>
            ))}
          </ol>
        </section>
        <section aria-label="Checked" className="border-l border-line px-4 phone:border-t phone:border-l-0 phone:px-3">
          <PaneHead title="Checked" />
          {system ? (
            <Checked runbook={runbook} system={system} at={at} from={from} />
          ) : (
            <p className="text-ink-3">The system&apos;s facts are not known yet.</p>
          )}
        </section>
      </div>
      {mayGoLive && runbook.live.allowed ? (
        <LiveForm runbook={runbook} at={at} from={from} />
      ) : (
        <p className="px-4 py-3 text-ink-2 phone:px-3">
          {mayGoLive ? runbook.live.reason : "Your role may not start a live run; an operator or an administrator can."}
        </p>
      )}
    </>
  );
}

type Lane = SystemDetail["lanes"][number];

/** The lane that reaches furthest, of the repository that was chosen or of all. */
function bestLane(system: SystemDetail, from: string | null): Lane | undefined {
  return system.lanes
    .filter((lane) => lane.recoverableTo && (from === null || lane.repository === from))
    .toSorted((one, other) => Date.parse(other.recoverableTo ?? "") - Date.parse(one.recoverableTo ?? ""))[0];
}

function primaryCheck(system: SystemDetail, time: (instant: string) => string): Check {
  const figure = system.heartbeatAt ? `last heartbeat ${time(system.heartbeatAt)}` : null;
  if (system.state === "failed") return { tone: "ok", text: "The primary takes no writes", figure };
  return {
    tone: "warning",
    text: "The primary answers: a live run stops at its first step while it takes writes",
    figure,
  };
}

function lossCheck(system: SystemDetail, lane: Lane | undefined, at: string): Check {
  if (at !== "latest") return { tone: "warning", text: `Data after ${at} is lost` };
  if (!lane?.recoverableTo || !system.heartbeatAt) return { tone: "unknown", text: "What would be lost is not known" };
  const lossMs = Math.max(0, Date.parse(system.heartbeatAt) - Date.parse(lane.recoverableTo));
  return {
    tone: "warning",
    text: "Data after the newest point is lost",
    figure: formatDuration(Math.floor(lossMs / 1_000) * 1_000),
  };
}

function drillCheck(runbook: RunbookView): Check {
  const passed = runbook.lastRuns.find((run) => run.mode === "drill" && run.state === "succeeded");
  if (!passed) return { tone: "unknown", text: "No drill of it has passed" };
  return { tone: "ok", text: "A drill of it passed", figure: <Age at={passed.at} suffix=" ago" /> };
}

function Checked({
  runbook,
  system,
  at,
  from,
}: {
  runbook: RunbookView;
  system: SystemDetail;
  at: string;
  from: string | null;
}) {
  const { zone } = useZone();
  const lane = bestLane(system, from);
  const time = (instant: string) => formatInstant(Date.parse(instant), "time", zone);
  const { target } = runbook.live;
  const checks: Check[] = [
    primaryCheck(system, time),
    lane?.recoverableTo
      ? { tone: "ok", text: `Recoverable from ${lane.repository}`, figure: `to ${time(lane.recoverableTo)}` }
      : { tone: "failed", text: "No repository can bring it back" },
    lossCheck(system, lane, at),
    drillCheck(runbook),
    target
      ? { tone: "ok", text: `Target ${target} allows a live recovery` }
      : { tone: "failed", text: "No target allows a live recovery" },
    { tone: "warning", text: "No way back once the recovered server takes writes" },
  ];
  return <CheckList checks={checks} />;
}

function LiveForm({ runbook, at, from }: { runbook: RunbookView; at: string; from: string | null }) {
  const router = useRouter();
  const live = useAction(startRunbook, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  const [typed, setTyped] = useState("");
  const [bad, setBad] = useState<string | null>(null);
  const now = useNow();
  const submit = (values: Record<string, unknown>) => {
    const text = String(values["disruptionAt"] ?? "").trim();
    const stated = text ? readPoint(text, now) : null;
    if (stated && stated.kind !== "time") return setBad("expected a time such as 2026-11-23 02:41:15 UTC");
    setBad(null);
    live.run({
      runbook: runbook.id,
      mode: "live",
      at,
      confirm: typed,
      reason: String(values["reason"] ?? "").trim(),
      ...(from ? { from } : {}),
      ...(stated ? { disruptionAt: stated.point } : {}),
    });
  };
  return (
    <section aria-label="Start" className="px-4 py-3 phone:px-3">
      <Form
        errors={{ ...(bad ? { disruptionAt: bad } : {}), ...live.failure?.fieldErrors }}
        className="grid max-w-[520px] gap-3"
        onFormSubmit={submit}
      >
        <Field name="reason" label="Reason" hint="Kept in the audit log and in the run.">
          <Input required maxLength={500} />
        </Field>
        <Field
          name="disruptionAt"
          label="Earlier disruption, if you know one"
          hint="Otherwise the last acknowledged heartbeat counts. Both are kept."
        >
          <Input className="mono" placeholder="2026-11-23 02:41:15 UTC" spellCheck={false} />
        </Field>
        <Field name="confirm" label={`Type the system's name, ${runbook.system}`}>
          <Input
            className="mono"
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onValueChange={setTyped}
            required
          />
        </Field>
        {live.failure && <ErrorNote failure={live.failure} className="" />}
        <div>
          <Button
            type="submit"
            look="severe"
            disabled={typed !== runbook.system || live.isPending}
            focusableWhenDisabled
          >
            Recover {runbook.system} live{at === "latest" ? "" : ` to ${at}`}
          </Button>
        </div>
      </Form>
    </section>
  );
}
