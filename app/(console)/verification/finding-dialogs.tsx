"use client";

import { assignFinding, closeFinding } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { ErrorNote, type Failure } from "@/components/patterns/states";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Form, Input, TextArea } from "@/components/ui/field";
import type { FindingView } from "@/lib/verification/schemas";

interface DialogProps {
  finding: FindingView;
  onClose: () => void;
}

/** Closes a finding with a note of what was done. */
export function CloseDialog({ finding, onClose }: DialogProps) {
  const close = useAction(closeFinding, { onDone: onClose });
  return (
    <FindingDialog
      title="Close the finding"
      verb="Close the finding"
      finding={finding}
      act={close}
      onClose={onClose}
      onSubmit={(values) => close.run({ id: finding.id, note: String(values["note"] ?? "") })}
    >
      <Field name="note" label="Note" hint="What was done about it. It stands in the audit log.">
        <TextArea rows={4} maxLength={2_000} required />
      </Field>
    </FindingDialog>
  );
}

const DAY_LENGTH = 10;

/** Gives a finding another owner or due date. */
export function AssignDialog({ finding, onClose }: DialogProps) {
  const assign = useAction(assignFinding, { onDone: onClose });
  const submit = (values: Record<string, unknown>) => {
    const day = String(values["due"] ?? "");
    const isSame = day === finding.dueAt.slice(0, DAY_LENGTH) || day === "";
    // The day's end in UTC: what is due on a day is due until it is over.
    const dueAt = isSame ? finding.dueAt : `${day}T23:59:59Z`;
    assign.run({ id: finding.id, owner: String(values["owner"] ?? ""), dueAt });
  };
  return (
    <FindingDialog title="Assign" verb="Assign" finding={finding} act={assign} onClose={onClose} onSubmit={submit}>
      <Field name="owner" label="Owner">
        <Input defaultValue={finding.owner} maxLength={200} required />
      </Field>
      <Field name="due" label="Due" hint="A day of UTC; it is due at its end.">
        <Input type="date" defaultValue={finding.dueAt.slice(0, DAY_LENGTH)} required />
      </Field>
    </FindingDialog>
  );
}

interface FindingDialogProps extends DialogProps {
  title: string;
  verb: string;
  act: { isPending: boolean; failure: (Failure & { fieldErrors?: Record<string, string> }) | null };
  onSubmit: (values: Record<string, unknown>) => void;
  children: React.ReactNode;
}

function FindingDialog({ title, verb, finding, act, onClose, onSubmit, children }: FindingDialogProps) {
  return (
    <Dialog title={title} description={finding.title} isOpen onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Form errors={act.failure?.fieldErrors ?? {}} onFormSubmit={onSubmit}>
        {children}
        {act.failure && <ErrorNote failure={act.failure} className="" />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={act.isPending} focusableWhenDisabled>
            {verb}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
