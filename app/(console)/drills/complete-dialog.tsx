"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { completeDrillTask } from "@/app/(console)/actions";
import { evidenceQuery } from "@/app/_client/queries";
import { useAction } from "@/app/_client/use-action";
import { ErrorNote } from "@/components/patterns/states";
import { Age } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Form, Radio, TextArea } from "@/components/ui/field";
import { formatDuration } from "@/lib/kernel/format";
import type { DrillTaskView, EvidenceView } from "@/lib/drills/schemas";

interface CompleteDialogProps {
  task: DrillTaskView;
  /** A run that the reader came from. */
  evidenceRunId: string | null;
  onClose: () => void;
}

/** Records that a task was done: by a run as evidence, by a note, or by both. */
export function CompleteDialog({ task, evidenceRunId, onClose }: CompleteDialogProps) {
  const complete = useAction(completeDrillTask, { onDone: onClose });
  const suggestions = useQuery(evidenceQuery(task.id)).data?.runs;
  const [chosen, setChosen] = useState<string | null>(evidenceRunId);
  const isByRun = task.provenBy === "run";
  const evidence = chosen ?? (isByRun ? (suggestions?.[0]?.runId ?? NONE) : NONE);
  const submit = (values: Record<string, unknown>) => {
    const note = String(values["note"] ?? "").trim();
    complete.run({
      taskId: task.id,
      ...(note ? { note } : {}),
      ...(evidence === NONE ? {} : { evidenceRunId: evidence }),
    });
  };
  return (
    <Dialog
      title="Complete"
      description={task.title}
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Form errors={complete.failure?.fieldErrors ?? {}} onFormSubmit={submit}>
        {isByRun && <Evidence runs={suggestions} chosen={evidence} onChoose={setChosen} />}
        <Note isRequired={!isByRun} />
        {complete.failure && <ErrorNote failure={complete.failure} className="" />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={complete.isPending} focusableWhenDisabled>
            Record as done
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

const NOTE_LENGTH_MIN = 10;

function Note({ isRequired }: { isRequired: boolean }) {
  const hint = isRequired
    ? `At least ${NOTE_LENGTH_MIN} characters: what was done, and what came of it.`
    : "What was seen, what is to be done.";
  return (
    <Field name="note" label="Note" hint={hint}>
      <TextArea
        rows={4}
        maxLength={4_000}
        required={isRequired}
        {...(isRequired ? { minLength: NOTE_LENGTH_MIN } : {})}
      />
    </Field>
  );
}

interface EvidenceProps {
  /** undefined: still asked for. */
  runs: readonly EvidenceView[] | undefined;
  chosen: string;
  onChoose: (runId: string) => void;
}

function Evidence({ runs, chosen, onChoose }: EvidenceProps) {
  return (
    <fieldset className="grid gap-1">
      <legend className="mb-1 text-12 text-ink-2">Evidence</legend>
      {!runs && <p className="text-12 text-ink-3">Looking for runs that prove it</p>}
      {runs?.length === 0 && (
        <p className="text-12 text-ink-3">
          No run of this period proves it. Run a drill, or tell in a note what was done: it stands as a note alone.
        </p>
      )}
      {runs?.map((run) => (
        <Choice key={run.runId} value={run.runId} isChosen={chosen === run.runId} onChoose={onChoose}>
          <RunWords run={run} />
        </Choice>
      ))}
      {runs && runs.length > 0 && (
        <Choice value={NONE} isChosen={chosen === NONE} onChoose={onChoose}>
          none of them, a note alone
        </Choice>
      )}
    </fieldset>
  );
}

const NONE = "none";

interface ChoiceProps {
  value: string;
  isChosen: boolean;
  onChoose: (value: string) => void;
  children: React.ReactNode;
}

function Choice({ value, isChosen, onChoose, children }: ChoiceProps) {
  return (
    <label className="flex min-h-6 items-center gap-1">
      <Radio name="evidence-choice" isChecked={isChosen} onChange={() => onChoose(value)} />
      <span className="min-w-0 truncate">{children}</span>
    </label>
  );
}

function RunWords({ run }: { run: EvidenceView }) {
  return (
    <>
      {run.mode === "live" ? "live run" : (run.mode ?? run.kind)}, {run.title}, <Age at={run.endedAt} suffix=" ago" />
      <span className="text-ink-3">
        {run.rtoActualSeconds !== null && `, RTO ${formatDuration(run.rtoActualSeconds * 1_000)}`}
        {run.rpoActualSeconds !== null && `, RPO ${formatDuration(run.rpoActualSeconds * 1_000)}`}
      </span>
    </>
  );
}
