"use client";

import Link from "next/link";
import { Fact, Facts } from "@/components/patterns/pane";
import { Glyph } from "@/components/patterns/status";
import { Age, NearInstant } from "@/components/patterns/time";
import { formatBytes, formatCount, formatCountOf, formatDuration } from "@/lib/kernel/format";
import type { Holdings, RepositoryDetail } from "@/lib/copies/schemas";
import { lockOf } from "./repository-status";

/** Six facts: backups and logs as the newest look found them, how far behind, the lock, the last check, what belongs to nothing. */
export function RepositoryFacts({ repository }: { repository: RepositoryDetail }) {
  const { backups, logs, storedBytes, orphans, name } = repository;
  const isChecked = repository.examinedAt !== null;
  return (
    <Facts columns={6}>
      <Fact name="Backups" evidence={<Losses counts={backups} name={name} isChecked={isChecked} />}>
        <b>{formatCount(backups.present)}</b> in {formatBytes(storedBytes)} with the log
      </Fact>
      <Fact name="Log files" evidence={<Losses counts={logs} name={name} isChecked={isChecked} />}>
        <b>{formatCount(logs.present)}</b>
      </Fact>
      <LagFact repository={repository} />
      <LockFact repository={repository} />
      <CheckFact repository={repository} />
      <Fact
        name="Orphans"
        evidence={
          orphans > 0 ? (
            <code title={`holdfast repository orphans ${name}`}>repository orphans</code>
          ) : isChecked ? (
            "none"
          ) : (
            "not looked for yet"
          )
        }
      >
        <b>{isChecked ? formatCount(orphans) : "?"}</b>
      </Fact>
    </Facts>
  );
}

interface LossesProps {
  counts: Holdings["backups"];
  name: string;
  isChecked: boolean;
}

function Losses({ counts: { missing, damaged }, name, isChecked }: LossesProps) {
  if (missing + damaged === 0) return isChecked ? "none missing or damaged" : "as stored, not checked yet";
  const words = [missing > 0 && `${missing} missing`, damaged > 0 && `${damaged} damaged`].filter(Boolean).join(", ");
  return (
    <Link href="/backups?state=incomplete" className="inline-flex items-center gap-1 link" title={`In ${name}`}>
      <Glyph tone="failed" />
      {words}
    </Link>
  );
}

function LagFact({ repository: { lagSeconds, recoverableTo, newestBackupAt } }: { repository: RepositoryDetail }) {
  return (
    <Fact
      name="Behind the other"
      evidence={
        newestBackupAt ? (
          <>
            newest full <Age at={newestBackupAt} suffix=" ago" />
          </>
        ) : (
          "no full lies here"
        )
      }
    >
      <b>{lagSeconds === null ? "?" : lagSeconds === 0 ? "0s" : formatDuration(lagSeconds * 1_000)}</b>
      {recoverableTo && (
        <span className="truncate">
          to <NearInstant at={recoverableTo} />
        </span>
      )}
    </Fact>
  );
}

function LockFact({ repository }: { repository: RepositoryDetail }) {
  const { lock, backups } = repository;
  const { tone, word } = lockOf(repository);
  const evidence = lock.declared
    ? `${lock.declared.mode}, ${formatCountOf(lock.declared.days, "day")}; ${lock.locked} of ${backups.present} copies`
    : "our keys can delete it";
  return (
    <Fact name="Lock" evidence={<span title={lock.message ?? undefined}>{evidence}</span>}>
      <Glyph tone={tone} />
      <b>{word}</b>
      {lock.declared && lock.checkedAt && (
        <span>
          tried <Age at={lock.checkedAt} suffix=" ago" />
        </span>
      )}
    </Fact>
  );
}

function CheckFact({ repository: { examinedAt, readBytes } }: { repository: RepositoryDetail }) {
  return (
    <Fact
      name="Last check"
      evidence={readBytes === null ? "daily, and when asked" : `${formatBytes(readBytes)} compared`}
    >
      <b>{examinedAt ? <Age at={examinedAt} suffix=" ago" /> : "never"}</b>
    </Fact>
  );
}
