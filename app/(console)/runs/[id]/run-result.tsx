"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { CopyButton, Hash } from "@/components/patterns/copy";
import { KeyValue, KeyValues, PaneHead } from "@/components/patterns/pane";
import { Instant } from "@/components/patterns/time";
import { buttonStyles } from "@/components/ui/button";
import { formatDuration } from "@/lib/kernel/format";
import type { RunDetail } from "@/lib/runs/schemas";

interface RestoredTo {
  time: string | null;
  gtid: string | null;
  file: string;
  offset: number;
  resolutionMs: number;
}

interface Target {
  socket?: string | null;
  port?: number | null;
  directory?: string | null;
}

/** What came of the run, and where it lies. */
export function RunResult({ run, mayCompleteDrill }: { run: RunDetail; mayCompleteDrill: boolean }) {
  const { result } = run;
  if (!run.endedAt || (!result && !run.backupId)) return null;
  const restoredTo = (result?.["restoredTo"] ?? null) as RestoredTo | null;
  const target = (result?.["target"] ?? null) as Target | null;
  const repository = result?.["fromRepository"];
  const backupId = typeof result?.["backupId"] === "string" ? result["backupId"] : run.backupId;
  const verdict = result?.["verdict"];
  return (
    <section aria-label="Result" className="border-t border-line px-4 pb-3 phone:px-3">
      <PaneHead title="Result">
        {run.mode === "drill" && run.state === "succeeded" && mayCompleteDrill && (
          <Link href={`/drills?evidence=${run.id}`} className={buttonStyles({ size: "small", className: "ml-auto" })}>
            Use as evidence
          </Link>
        )}
      </PaneHead>
      <KeyValues>
        {typeof verdict === "string" && <Row name="Verdict">{verdict}</Row>}
        {restoredTo && (
          <>
            <Row name="Restored to">
              {restoredTo.time ? <Instant at={restoredTo.time} form="millis" details /> : restoredTo.gtid}{" "}
              <span className="text-ink-3">resolution {formatDuration(restoredTo.resolutionMs)}</span>
            </Row>
            {restoredTo.gtid && (
              <Row name="Transaction">
                <code className="mono">{restoredTo.gtid}</code>{" "}
                <span className="text-ink-3">
                  {restoredTo.file}:{restoredTo.offset}
                </span>
              </Row>
            )}
          </>
        )}
        {typeof repository === "string" && <Row name="From">{repository}</Row>}
        {backupId && (
          <Row name="Backup">
            <Link href={`/backups/${backupId}`} className="link">
              open
            </Link>{" "}
            <Hash value={backupId} label="Copy backup id" />
          </Row>
        )}
        {target?.socket && (
          <Row name="Socket">
            <code className="mono">{target.socket}</code> <CopyButton text={target.socket} label="Copy socket" />
          </Row>
        )}
        {target?.directory && (
          <Row name="Directory">
            <code className="mono">{target.directory}</code> <CopyButton text={target.directory} label="Copy directory" />
          </Row>
        )}
      </KeyValues>
    </section>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <KeyValue name={name} width="w-[92px]">
      {children}
    </KeyValue>
  );
}
