"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { acknowledgeAlert, startBackup } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { useNowText } from "@/components/patterns/clock";
import { Glyph } from "@/components/patterns/status";
import { Button, buttonStyles } from "@/components/ui/button";
import { showToast } from "@/components/ui/toast";
import type { AlertView } from "@/lib/alerts/schemas";
import { formatDuration } from "@/lib/kernel/format";

/** "52m 10s left", "overdue 12m 03s": the clock of an alert's task, ticking. */
export function TaskClock({ task, className = "" }: { task: AlertView["task"]; className?: string }) {
  const due = Date.parse(task.dueAt);
  const text = useNowText((now) => {
    const seconds = Math.floor(Math.abs(due - now) / 1_000) * 1_000;
    return now < due ? `${formatDuration(seconds)} left` : `overdue ${formatDuration(seconds)}`;
  });
  if (task.doneAt) {
    return (
      <span className={`inline-flex items-center gap-1.5 text-ink-2 ${className}`}>
        <Glyph tone="ok" /> done
      </span>
    );
  }
  const isOverdue = text.startsWith("overdue");
  return (
    <time
      dateTime={task.dueAt}
      title={task.dueAt}
      className={`whitespace-nowrap tabular-nums ${isOverdue ? "font-medium text-failed" : "text-ink"} ${className}`}
    >
      {text}
    </time>
  );
}

const say = ({ message, hint }: { message: string; hint?: string | undefined }) =>
  showToast({ title: message, ...(hint ? { description: hint } : {}) });

/** The standard's act by one click, and "I have it". What one may not do is not shown. */
export function AlertActs({ alert, isPrimary = false }: { alert: AlertView; isPrimary?: boolean }) {
  const router = useRouter();
  const backup = useAction(startBackup, { onDone: ({ runId }) => router.push(`/runs/${runId}`), onFailed: say });
  const acknowledge = useAction(acknowledgeAlert, { onFailed: say });
  const { openRunId } = alert.task;
  return (
    <span className="flex justify-end gap-2 phone:[&>*]:flex-1 phone:[&>*]:justify-center">
      {alert.mayAcknowledge && (
        <Button
          size="small"
          disabled={acknowledge.isPending}
          focusableWhenDisabled
          onClick={() => acknowledge.run({ id: alert.id })}
        >
          Acknowledge
        </Button>
      )}
      {openRunId && alert.state !== "resolved" ? (
        <Link href={`/runs/${openRunId}`} className={buttonStyles({ size: "small" })}>
          Backup under way
        </Link>
      ) : (
        alert.mayBackUp && (
          <Button
            size="small"
            look={isPrimary ? "primary" : "secondary"}
            disabled={backup.isPending}
            focusableWhenDisabled
            onClick={() => backup.run({ system: alert.system, type: "full", reason: alert.title })}
          >
            Back up now
          </Button>
        )
      )}
    </span>
  );
}
