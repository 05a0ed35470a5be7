"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { CopyButton, Hash } from "@/components/patterns/copy";
import { KeyValue, KeyValues, PaneHead } from "@/components/patterns/pane";
import { Instant } from "@/components/patterns/time";
import { buttonStyles } from "@/components/ui/button";
import { formatDuration } from "@/lib/kernel/format";
import type { RestoredTo, RunDetail } from "@/lib/runs/schemas";
import { type RepositoryResult, RepositoryRows } from "./repository-rows";

/** What a run leaves, as its plan wrote it; each kind of run has some of it. */
interface Result extends RepositoryResult {
  verdict?: string;
  restoredTo?: RestoredTo | null;
  fromRepository?: string | null;
  backupId?: string | null;
  target?: { socket?: string | null; directory?: string | null } | null;
}

/** What came of the run, and where it lies. */
export function RunResult({ run, mayCompleteDrill }: { run: RunDetail; mayCompleteDrill: boolean }) {
  const result: Result = run.result ?? {};
  const backupId = result.backupId ?? run.backupId;
  if (!run.endedAt || (!run.result && !backupId)) return null;
  const isProof = run.mode === "drill" && run.state === "succeeded" && mayCompleteDrill;
  return (
    <section aria-label="Result" className="border-t border-line px-4 pb-3 phone:px-3">
      <PaneHead title="Result">
        {isProof && (
          <Link href={`/drills?evidence=${run.id}`} className={buttonStyles({ size: "small", className: "ml-auto" })}>
            Use as evidence
          </Link>
        )}
      </PaneHead>
      <ResultRows result={result} backupId={backupId} />
    </section>
  );
}

function ResultRows({ result, backupId }: { result: Result; backupId: string | null }) {
  return (
    <KeyValues>
      {result.verdict && <Row name="Verdict">{result.verdict}</Row>}
      {result.restoredTo && <PointRows to={result.restoredTo} />}
      {result.fromRepository && <Row name="From">{result.fromRepository}</Row>}
      {backupId && (
        <Row name="Backup">
          <Link href={`/backups/${backupId}`} className="link">
            open
          </Link>{" "}
          <Hash value={backupId} label="Copy backup id" />
        </Row>
      )}
      <RepositoryRows result={result} />
      <PathRow name="Socket" path={result.target?.socket} />
      <PathRow name="Directory" path={result.target?.directory} />
    </KeyValues>
  );
}

function PointRows({ to }: { to: RestoredTo }) {
  return (
    <>
      <Row name="Restored to">
        {to.time ? <Instant at={to.time} form="millis" details /> : to.gtid}{" "}
        <span className="text-ink-3">resolution {formatDuration(to.resolutionMs)}</span>
      </Row>
      {to.gtid && (
        <Row name="Transaction">
          <code className="mono">{to.gtid}</code>{" "}
          <span className="text-ink-3">
            {to.file}:{to.offset}
          </span>
        </Row>
      )}
    </>
  );
}

function PathRow({ name, path }: { name: string; path: string | null | undefined }) {
  if (!path) return null;
  return (
    <Row name={name}>
      <code className="mono">{path}</code> <CopyButton text={path} label={`Copy ${name.toLowerCase()}`} />
    </Row>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <KeyValue name={name} width="w-[92px]">
      {children}
    </KeyValue>
  );
}
