"use client";

import Link from "next/link";
import { signDrillTask } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { ErrorNote } from "@/components/patterns/states";
import { Status } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/dialog";
import { formatDuration } from "@/lib/kernel/format";
import type { DrillTaskView } from "@/lib/drills/schemas";
import { DRILL_TONE, DRILL_WORD } from "./drill-status";

/** A line of the checklist: what, its state, who did it by what, who signed. */
export function TaskRow({ task, onComplete }: { task: DrillTaskView; onComplete: () => void }) {
  const sign = useAction(signDrillTask);
  return (
    <li id={task.id} className="border-t border-line px-4 py-1.5 target:bg-hover phone:px-3">
      <div className="grid grid-cols-[minmax(0,1fr)_168px_96px_120px] items-center gap-x-3 phone:grid-cols-[minmax(0,1fr)_auto]">
        <div className="min-w-0">
          <p className="font-medium phone:whitespace-normal">{task.title}</p>
          <p className="truncate text-12 text-ink-3 phone:whitespace-normal">
            <Account task={task} />
          </p>
        </div>
        <Status tone={DRILL_TONE[task.state]} className="phone:justify-self-end">
          {DRILL_WORD[task.state]}
          {task.isLate && <span className="font-normal text-ink-3">late</span>}
        </Status>
        <span className="text-right whitespace-nowrap text-ink-3 phone:text-left phone:text-12">
          {task.signedAt ? (
            <Instant at={task.signedAt} form="day" />
          ) : (
            <>
              by <Instant at={task.dueAt} form="day" />
            </>
          )}
        </span>
        <span className="flex justify-end">
          {task.mayComplete && (
            <Button size="small" onClick={onComplete}>
              Complete
            </Button>
          )}
          {task.maySign && (
            <Confirm
              title="Sign off"
              consequence={
                <p>
                  You confirm that &ldquo;{task.title}&rdquo; was done as recorded: <Account task={task} />. It cannot
                  be taken back.
                </p>
              }
              confirm="Sign off"
              isPending={sign.isPending}
              onConfirm={() => sign.run({ taskId: task.id })}
              trigger={
                <Button size="small" look="primary" disabled={sign.isPending} focusableWhenDisabled>
                  Sign off
                </Button>
              }
            />
          )}
        </span>
      </div>
      {sign.failure && <ErrorNote failure={sign.failure} className="pt-1" />}
    </li>
  );
}

/** Who did it, by what evidence, and who signed; or what would prove it. */
function Account({ task }: { task: DrillTaskView }) {
  if (!task.doneAt) return task.provenBy === "run" ? "A run proves it" : "A note tells what was done";
  const { evidence } = task;
  return (
    <>
      done <Instant at={task.doneAt} form="day-minute" /> by {task.doneBy}
      {evidence && (
        <>
          , proven by{" "}
          <Link href={`/runs/${evidence.runId}`} className="link">
            {evidence.mode === "live" ? "live run" : (evidence.mode ?? evidence.kind)} {evidence.title}
          </Link>
          {evidence.rtoActualSeconds !== null && `, RTO ${formatDuration(evidence.rtoActualSeconds * 1_000)}`}
          {evidence.rpoActualSeconds !== null && `, RPO ${formatDuration(evidence.rpoActualSeconds * 1_000)}`}
        </>
      )}
      {!evidence && task.provenBy === "run" && ", by a note alone"}
      {task.note && `: ${task.note}`}
      {task.signedBy && `; signed by ${task.signedBy}`}
    </>
  );
}
