"use client";

import { useState } from "react";
import { liftFreezes } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { ErrorNote } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Form, TextArea } from "@/components/ui/field";
import { formatCountOf } from "@/lib/kernel/format";
import type { FreezeCause, RetentionPlan } from "@/lib/retention/schemas";

const WORD: Record<FreezeCause, string> = { anomaly: "Unusual size", "failed-proof": "Failed proof", gap: "Gap" };

/** Why nothing of a system is deleted, and how an operator lets it go on. */
export function Freezes({ plan, mayLift }: { plan: RetentionPlan; mayLift: boolean }) {
  const [lifting, setLifting] = useState<RetentionPlan | null>(null);
  return (
    <div className="border-b border-line bg-hover px-4 py-2 phone:px-3">
      <div className="flex flex-wrap items-center gap-2">
        <p className="font-medium">Frozen: nothing of it is deleted until an operator lifts it with a reason.</p>
        {mayLift && (
          <Button size="small" className="ml-auto" onClick={() => setLifting(plan)}>
            Lift
          </Button>
        )}
      </div>
      <ul className="mt-1">
        {plan.freezes.map((freeze) => (
          <li
            key={freeze.cause}
            className="grid grid-cols-[12px_100px_64px_minmax(0,1fr)] items-baseline gap-x-2 py-0.5 text-12 phone:grid-cols-[12px_1fr_auto]"
          >
            <Glyph tone="warning" className="size-3 self-center" />
            <span className="font-medium">{WORD[freeze.kind]}</span>
            <Age at={freeze.at} suffix=" ago" className="text-ink-3" />
            <span className="text-ink-2 phone:col-span-2 phone:col-start-2">{freeze.message}</span>
          </li>
        ))}
      </ul>
      {lifting && <LiftDialog plan={lifting} onClose={() => setLifting(null)} />}
    </div>
  );
}

function LiftDialog({ plan, onClose }: { plan: RetentionPlan; onClose: () => void }) {
  const lift = useAction(liftFreezes, { onDone: onClose });
  const submit = (values: Record<string, unknown>) =>
    lift.run({
      system: plan.system,
      causes: plan.freezes.map((freeze) => freeze.cause),
      reason: String(values["reason"] ?? ""),
    });
  return (
    <Dialog
      title={`Lift the freeze of ${plan.system}`}
      description={`${formatCountOf(plan.freezes.length, "cause")} as shown; one that comes later freezes it again. The audit log keeps your reason.`}
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Form errors={lift.failure?.fieldErrors ?? {}} onFormSubmit={submit}>
        <Field name="reason" label="Reason" hint="At least 10 characters: why what is deleted next will not be missed.">
          <TextArea rows={3} maxLength={500} required minLength={10} />
        </Field>
        {lift.failure && <ErrorNote failure={lift.failure} className="" />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={lift.isPending} focusableWhenDisabled>
            Lift the freeze
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
