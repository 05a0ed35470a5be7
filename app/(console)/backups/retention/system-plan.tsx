"use client";

import Link from "next/link";
import { useState } from "react";
import { Fact, Facts, PaneHead } from "@/components/patterns/pane";
import { Glyph, Status } from "@/components/patterns/status";
import { Button, buttonStyles } from "@/components/ui/button";
import { formatBytes, formatCount, formatCountOf, formatTarget } from "@/lib/kernel/format";
import type { RetentionPlan } from "@/lib/retention/schemas";
import { ApplyDialog } from "./apply-dialog";
import { Freezes } from "./freezes";
import { PlanLines } from "./plan-lines";
import type { Rights } from "./retention-view";

/** One system's plan: what stops it, what goes, what stays. */
export function SystemPlan({ plan, mayApply, mayLift }: Rights & { plan: RetentionPlan }) {
  return (
    <section aria-label={`Retention of ${plan.system}`} className="border-t border-line pb-3">
      <div className="flex min-h-[42px] flex-wrap items-center gap-3 px-4 py-1 phone:px-3">
        <h2 className="text-14 font-semibold">
          <Link href={`/systems/${plan.system}`} className="hover:underline">
            {plan.system}
          </Link>
        </h2>
        <PlanState plan={plan} />
        <span className="ml-auto">{mayApply && <ApplyButton plan={plan} />}</span>
      </div>
      <PlanFacts plan={plan} />
      {plan.freezes.length > 0 && <Freezes plan={plan} mayLift={mayLift} />}
      {plan.clockTrouble !== null && <Refusal>The clock is not trusted: {plan.clockTrouble}.</Refusal>}
      {plan.cap !== null && (
        <Refusal>
          More than one apply takes by itself: {plan.cap.message}. The schedule leaves it; a person types a phrase.
        </Refusal>
      )}
      {plan.removals.length + plan.kept.length === 0 ? (
        <p className="px-4 pt-2 text-ink-3 phone:px-3">Nothing is older than its retain.</p>
      ) : (
        <OldOnes plan={plan} />
      )}
    </section>
  );
}

/** Whatever is older than its retain: what goes, and what stays with the reason. */
function OldOnes({ plan }: { plan: RetentionPlan }) {
  return (
    <>
      <div className="px-4 phone:px-3">
        <PaneHead title="Goes" scope={formatCount(plan.removals.length)} />
      </div>
      <PlanLines
        label={`What goes of ${plan.system}`}
        lines={plan.removals}
        asOf={plan.asOf}
        empty="Nothing is older than its retain and free to go."
      />
      <div className="px-4 phone:px-3">
        <PaneHead title="Stays although it is old" scope={formatCount(plan.kept.length)} />
      </div>
      <PlanLines
        label={`What stays of ${plan.system}`}
        lines={plan.kept}
        asOf={plan.asOf}
        empty="Nothing that stays is older than its retain."
      />
    </>
  );
}

function PlanState({ plan }: { plan: RetentionPlan }) {
  if (plan.openRunId) {
    return (
      <Link href={`/runs/${plan.openRunId}`} className="hover:underline">
        <Status tone="running">Deleting</Status>
      </Link>
    );
  }
  if (plan.freezes.length > 0) return <Status tone="warning">Frozen</Status>;
  if (plan.clockTrouble !== null) return <Status tone="unknown">Clock not trusted</Status>;
  if (plan.cap !== null) return <Status tone="warning">Beyond the cap</Status>;
  if (plan.dueCount === 0) return <Status tone="ok">Nothing due</Status>;
  return (
    <Status tone="idle">
      {formatCountOf(plan.dueCount, "deletion")} due, {formatBytes(plan.dueBytes)}
    </Status>
  );
}

function PlanFacts({ plan }: { plan: RetentionPlan }) {
  const retain = Object.entries(plan.retain).map(([type, seconds]) => `${type} ${formatTarget(seconds)}`);
  const [first, second] = plan.repositories;
  return (
    <Facts columns={4}>
      <Fact name="Retain" evidence={`at least ${formatCountOf(plan.keepProven, "proven full")} in each repository`}>
        <b>{retain.join(", ") || "not declared"}</b>
      </Fact>
      <Fact name="Applied" evidence={plan.lastDay ? `${plan.lastDay.day}: ${plan.lastDay.outcome}` : "not yet"}>
        <b>{plan.apply === "daily" ? "once a day" : "by a person"}</b>
      </Fact>
      {[first, second].map(
        (repository) =>
          repository && (
            <Fact
              key={repository.name}
              name={repository.name}
              evidence={
                repository.provenFulls < plan.keepProven ? "no full goes until enough are proven" : "enough are proven"
              }
            >
              <Glyph
                tone={repository.provenFulls < plan.keepProven ? "warning" : "ok"}
                label={repository.provenFulls < plan.keepProven ? "too few proven" : "enough proven"}
              />
              <b>{repository.provenFulls}</b> proven of {formatCountOf(repository.backups, "backup")}
            </Fact>
          ),
      )}
    </Facts>
  );
}

function Refusal({ children }: { children: React.ReactNode }) {
  return (
    <p className="flex items-start gap-2 border-b border-line px-4 py-2 phone:px-3">
      <Glyph tone="warning" className="mt-1 size-3" />
      <span>{children}</span>
    </p>
  );
}

function ApplyButton({ plan }: { plan: RetentionPlan }) {
  // The plan that was on the page when it was opened: that one is applied, or refused.
  const [shown, setShown] = useState<RetentionPlan | null>(null);
  if (plan.openRunId) {
    return (
      <Link href={`/runs/${plan.openRunId}`} className={buttonStyles()}>
        Look at the run
      </Link>
    );
  }
  const isBarred = plan.dueCount === 0 || plan.clockTrouble !== null;
  return (
    <>
      <Button look={isBarred ? "secondary" : "primary"} disabled={isBarred} onClick={() => setShown(plan)}>
        Apply
      </Button>
      {shown && <ApplyDialog plan={shown} onClose={() => setShown(null)} />}
    </>
  );
}
