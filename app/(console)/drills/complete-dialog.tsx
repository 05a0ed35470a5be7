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
import { Field, Form, TextArea } from "@/components/ui/field";
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
  const suggestions = useQuery(evidenceQuery(task.id));
  const runs = suggestions.data?.runs ?? [];
  const [chosen, setChosen] = useState<string | null>(evidenceRunId);
  const evidence = chosen ?? (task.provenBy === "run" ? (runs[0]?.runId ?? null) : null);
  const submit = (values: Record<string, unknown>) => {
    const note = String(values["note"] ?? "").trim();
    complete.run({ taskId: task.id, ...(note ? { note } : {}), ...(evidence && evidence !== NONE ? { evidenceRunId: evidence } : {}) });
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
        {task.provenBy === "run" && (
          <fieldset className="grid gap-1">
            <legend className="mb-1 text-12 text-ink-2">Evidence</legend>
            {suggestions.isPending && <p className="text-12 text-ink-3">Looking for runs that prove it</p>}
            {suggestions.data && runs.length === 0 && (
              <p className="text-12 text-ink-3">No run of this period proves it. Run a drill, or tell in a note what was done: it stands as a note alone.</p>
            )}
            {runs.map((run) => (
              <Choice key={run.runId} value={run.runId} isChosen={evidence === run.runId} onChoose={setChosen}>
                <RunWords run={run} />
              </Choice>
            ))}
            {runs.length > 0 && (
              <Choice value={NONE} isChosen={evidence === NONE} onChoose={setChosen}>
                none of them, a note alone
              </Choice>
            )}
          </fieldset>
        )}
        <Field name="note" label="Note" hint={task.provenBy === "note" ? "At least 10 characters: what was done, and what came of it." : "What was seen, what is to be done."}>
          <TextArea rows={4} maxLength={4_000} required={task.provenBy === "note"} minLength={task.provenBy === "note" ? 10 : undefined} />
        </Field>
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

const NONE = "none";

interface ChoiceProps {
  value: string;
  isChosen: boolean;
  onChoose: (value: string) => void;
  children: React.ReactNode;
}

function Choice({ value, isChosen, onChoose, children }: ChoiceProps) {
  return (
    <label className="flex min-h-6 items-center gap-2">
      <input
        type="radio"
        name="evidence-choice"
        className="block size-3 shrink-0 appearance-none rounded-full border-[1.5px] border-field checked:border-4 checked:border-ink"
        checked={isChosen}
        onChange={() => onChoose(value)}
      />
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
