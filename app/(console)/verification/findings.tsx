"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { findingsQuery } from "@/app/_client/queries";
import { PaneHead } from "@/components/patterns/pane";
import { Loaded } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age, Instant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import type { FindingView } from "@/lib/verification/schemas";
import { AssignDialog, CloseDialog } from "./finding-dialogs";
import { OPEN_FINDINGS } from "./search-params";

type Act = { kind: "assign" | "close"; finding: FindingView };

/** What was found, with its owner and due date, until a person closes it. */
export function Findings({ mayManage }: { mayManage: boolean }) {
  const findings = useQuery(findingsQuery(OPEN_FINDINGS));
  const [act, setAct] = useState<Act | null>(null);
  const close = () => setAct(null);
  return (
    <section aria-label="Findings" className="border-t border-line">
      <PaneHead title="Findings" scope={findings.data?.findings.length} className="px-4 phone:px-3" />
      <Loaded answer={findings} rows={2}>
        {({ findings: open }) =>
          open.length === 0 ? (
            <p className="px-4 pb-3 text-ink-3 phone:px-3">Nothing that was found is open.</p>
          ) : (
            <ul>
              {open.map((finding) => (
                <Finding
                  key={finding.id}
                  finding={finding}
                  onAct={mayManage ? (kind) => setAct({ kind, finding }) : undefined}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {act?.kind === "assign" && <AssignDialog finding={act.finding} onClose={close} />}
      {act?.kind === "close" && <CloseDialog finding={act.finding} onClose={close} />}
    </section>
  );
}

function Finding({ finding, onAct }: { finding: FindingView; onAct: ((kind: Act["kind"]) => void) | undefined }) {
  const { title, detail, system, owner, dueAt, isOverdue, seenAt, times, runId } = finding;
  return (
    <li className="grid min-h-(--row) grid-cols-[12px_minmax(0,1fr)_200px_150px_auto] items-start gap-3 border-t border-line px-4 py-1.5 phone:grid-cols-[12px_minmax(0,1fr)] phone:gap-y-1 phone:px-3">
      <Glyph
        tone={isOverdue ? "failed" : "warning"}
        className="mt-[5px] size-3"
        label={isOverdue ? "overdue" : "open"}
      />
      <div className="min-w-0">
        <p className="font-medium">
          {system ?? "The verifier"}: {title}
        </p>
        <p className="text-12 break-words text-ink-3">
          {detail} · seen <Age at={seenAt} suffix=" ago" />
          {times > 1 && <>, {times} times</>}
          {runId && (
            <>
              {" "}
              ·{" "}
              <Link href={`/runs/${runId}`} className="link">
                its run
              </Link>
            </>
          )}
        </p>
      </div>
      <span className="truncate phone:col-start-2">{owner}</span>
      <span className={`phone:col-start-2 ${isOverdue ? "text-failed" : "text-ink-3"}`}>
        {isOverdue ? "was due " : "due "}
        <Instant at={dueAt} form="day-minute" />
      </span>
      {onAct && (
        <span className="flex gap-1 phone:col-start-2">
          <Button size="small" onClick={() => onAct("assign")}>
            Assign
          </Button>
          <Button size="small" onClick={() => onAct("close")}>
            Close
          </Button>
        </span>
      )}
    </li>
  );
}
