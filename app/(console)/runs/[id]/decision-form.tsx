"use client";

import { useState } from "react";
import { decideStep } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { CheckList } from "@/components/patterns/check-list";
import { ErrorNote } from "@/components/patterns/states";
import { Elapsed, Instant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { INPUT } from "@/components/ui/field";
import type { RunDetail, StepView } from "@/lib/runs/schemas";

interface DecisionFormProps {
  run: RunDetail;
  step: StepView;
  mayDecide: boolean;
}

/** A step whose runner was gone in the middle of it, and that must not happen twice: a person decides, in its row. */
export function DecisionForm({ run, step, mayDecide }: DecisionFormProps) {
  const [reason, setReason] = useState("");
  const { run: decide, isPending, failure } = useAction(decideStep);
  const send = (decision: "retry" | "skip" | "abort") => () =>
    decide({ id: run.id, step: step.id, decision, ...(reason.trim() ? { reason: reason.trim() } : {}) });
  const before = run.steps.slice(0, run.steps.indexOf(step));
  return (
    <form
      aria-label={`Decide on ${step.title}`}
      className="relative z-2 mr-4 mb-2 ml-[54px] rounded-1 border border-l-[3px] border-line-2 border-l-warning bg-bg px-3 py-2 text-12 phone:mx-3 phone:mb-3"
      onSubmit={(event) => event.preventDefault()}
    >
      <div className="grid grid-cols-[1.25fr_1fr] gap-4 phone:grid-cols-1 phone:gap-2">
        <div>
          <h3 className="mb-0.5 text-ink-3">Why it waits</h3>
          <p>
            The runner was gone while this step was carried out. Nobody knows whether it took effect, and it must not
            happen twice.
          </p>
          <p className="mt-1 text-ink-3">
            It began at <Instant at={step.startedAt} form="time" />, <Elapsed at={step.startedAt} /> ago; attempt{" "}
            {step.attempts}.
          </p>
        </div>
        <div>
          <h3 className="mb-0.5 text-ink-3">Done before it</h3>
          <CheckList
            checks={before.slice(-4).map((done) => ({
              tone: done.state === "succeeded" ? ("ok" as const) : ("idle" as const),
              text: done.summary ?? done.title,
            }))}
          />
        </div>
      </div>
      {mayDecide ? (
        <div className="mt-1.5 flex gap-2 phone:flex-wrap">
          <input
            aria-label="Reason"
            placeholder="Reason, kept in the audit log"
            className={`${INPUT} w-auto! flex-1 phone:flex-[1_0_100%]`}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button disabled={isPending} focusableWhenDisabled className="phone:flex-1" onClick={send("abort")}>
            Abort run
          </Button>
          <Button
            disabled={isPending || !reason.trim()}
            focusableWhenDisabled
            className="phone:flex-1"
            title={reason.trim() ? undefined : "A step is skipped only with a reason"}
            onClick={send("skip")}
          >
            Skip step
          </Button>
          <Button
            look="primary"
            disabled={isPending}
            focusableWhenDisabled
            className="phone:flex-1"
            onClick={send("retry")}
          >
            Retry step
          </Button>
        </div>
      ) : (
        <p className="mt-1.5 text-ink-3">Your role may not decide; an operator or an administrator can.</p>
      )}
      {failure && <ErrorNote failure={failure} className="mt-2" />}
      <p className="mt-1 text-ink-3">
        Retry carries it out once more. Skip goes on without it. Abort ends the run and cleans up.
      </p>
    </form>
  );
}
