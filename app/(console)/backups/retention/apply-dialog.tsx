"use client";

import { useRouter } from "next/navigation";
import { applyRetention } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { ErrorNote } from "@/components/patterns/states";
import { Instant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Form, Input, TextArea } from "@/components/ui/field";
import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import type { RetentionPlan } from "@/lib/retention/schemas";

/** Deletes what the plan names, once a person has seen how much that is and from where. */
export function ApplyDialog({ plan, onClose }: { plan: RetentionPlan; onClose: () => void }) {
  const router = useRouter();
  const apply = useAction(applyRetention, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  const submit = (values: Record<string, unknown>) =>
    apply.run({
      system: plan.system,
      plan: plan.plan,
      ...(plan.cap === null
        ? {}
        : { override: { phrase: String(values["phrase"] ?? ""), reason: String(values["reason"] ?? "") } }),
    });
  return (
    <Dialog
      title={`Apply the plan of ${plan.system}`}
      description={
        <>
          The plan of <Instant at={plan.asOf} form="day-minute" />. It cannot be taken back.
        </>
      }
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Form errors={apply.failure?.fieldErrors ?? {}} onFormSubmit={submit}>
        <Counts plan={plan} />
        {plan.cap !== null && (
          <>
            <p className="text-12 text-ink-2">More than one apply takes by itself: {plan.cap.message}.</p>
            <Field name="phrase" label={`Type “${plan.cap.phrase}” to go on`}>
              <Input required autoComplete="off" />
            </Field>
            <Field name="reason" label="Reason" hint="At least 10 characters; the audit log keeps it.">
              <TextArea rows={2} maxLength={500} required minLength={10} />
            </Field>
          </>
        )}
        {apply.failure && <ErrorNote failure={apply.failure} className="" />}
        <div className="flex justify-end gap-2">
          <Button autoFocus onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={apply.isPending} focusableWhenDisabled>
            Delete {formatBytes(plan.dueBytes)}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

/** How much of what goes from each repository, and how many proven fulls stay there. */
function Counts({ plan }: { plan: RetentionPlan }) {
  return (
    <ul className="grid gap-1">
      {plan.repositories.map(({ name, provenFulls }) => {
        const due = plan.removals.filter((removal) => removal.isDue && removal.repository === name);
        const of = (kind: string) => due.filter((removal) => removal.kind === kind).length;
        const words = [
          of("backup") > 0 && formatCountOf(of("backup"), "backup"),
          of("leftover") > 0 && formatCountOf(of("leftover"), "leftover"),
          of("log") > 0 && formatCountOf(of("log"), "log file"),
        ].filter(Boolean);
        return (
          <li key={name}>
            <b className="font-medium">{name}</b>: {words.join(", ") || "nothing"}
            {due.length > 0 && `, ${formatBytes(due.reduce((sum, removal) => sum + removal.sizeBytes, 0))}`}
            <span className="text-ink-3">
              ; {formatCountOf(provenFulls, "proven full")} before, at least {Math.min(provenFulls, plan.keepProven)}{" "}
              after
            </span>
          </li>
        );
      })}
    </ul>
  );
}
