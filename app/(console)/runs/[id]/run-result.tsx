"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { CopyButton, Hash } from "@/components/patterns/copy";
import { KeyValue, KeyValues, PaneHead } from "@/components/patterns/pane";
import { Glyph } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import { buttonStyles } from "@/components/ui/button";
import { formatDuration } from "@/lib/kernel/format";
import type { RestoredTo, RunDetail } from "@/lib/runs/schemas";
import { type RepositoryResult, RepositoryRows } from "./repository-rows";

/** Files and code come back as a backup showed them, then their logs as a backup of those did. */
interface TreeRestoredTo {
  time: string;
  logs: string | null;
}

/** What a run leaves, as its plan wrote it; each kind of run has some of it. */
interface Result extends RepositoryResult {
  verdict?: string;
  restoredTo?: RestoredTo | TreeRestoredTo | null;
  /** Whether the secrets in use are those that the backup was taken beside. */
  secrets?: "same" | "different" | "unknown";
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
      {result.secrets && <SecretsRow secrets={result.secrets} />}
      {result.restoredTo && <RestoredRows to={result.restoredTo} />}
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

const SECRETS = {
  same: { tone: "ok", words: "the same as those in use" },
  different: {
    tone: "warning",
    words: "others than those in use: what was encrypted with them opens with them alone",
  },
  unknown: {
    tone: "warning",
    words: "cannot be compared with any in use: what was encrypted with them opens with them alone",
  },
} as const;

function SecretsRow({ secrets }: { secrets: keyof typeof SECRETS }) {
  const { tone, words } = SECRETS[secrets];
  const isWarned = tone === "warning";
  return (
    <div
      className={`flex min-h-[22px] items-baseline gap-2 ${isWarned ? "-mx-4 bg-warning-tint px-4 py-1 phone:-mx-3 phone:px-3" : ""}`}
    >
      <dt className="w-[92px] shrink-0 text-ink-3">Secrets</dt>
      <dd className={isWarned ? "font-medium" : ""}>
        <Glyph tone={tone} label={secrets} className="mr-1.5 inline-block size-3" />
        {words}
      </dd>
    </div>
  );
}

function RestoredRows({ to }: { to: RestoredTo | TreeRestoredTo }) {
  if ("resolutionMs" in to) return <PointRows to={to} />;
  return (
    <>
      <Row name="Restored to">
        <Instant at={to.time} form="millis" details />
      </Row>
      {to.logs && (
        <Row name="Logs to">
          <Instant at={to.logs} form="millis" details />
        </Row>
      )}
    </>
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
