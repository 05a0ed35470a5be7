"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { startVerification } from "@/app/(console)/actions";
import { backupQuery, systemsQuery } from "@/app/_client/queries";
import { useAction } from "@/app/_client/use-action";
import { Ages } from "@/components/patterns/ages";
import { Hash } from "@/components/patterns/copy";
import { Fact, Facts, PageHeading, PageTitle, Pane, PaneHead } from "@/components/patterns/pane";
import { ErrorNote, Skeleton } from "@/components/patterns/states";
import { Glyph, Status } from "@/components/patterns/status";
import { Age, Elapsed, Instant, NearInstant } from "@/components/patterns/time";
import { Button, buttonStyles } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { formatBytes } from "@/lib/kernel/format";
import type { BackupDetail } from "@/lib/backups/schemas";
import { BACKUP_TONE, BACKUP_WORD } from "../backup-status";
import { Copies } from "./copies-pane";
import { ManifestPane } from "./manifest-pane";

const VERDICT_TONE = {
  pass: "ok",
  "backup-bad": "failed",
  "verifier-bad": "warning",
  "environment-failed": "warning",
} as const;

interface BackupViewProps {
  id: string;
  mayVerify: boolean;
  mayRepair: boolean;
  mayRestore: boolean;
}

/** One recovery point's artefact: where it lies, what it cannot carry, what was proven. */
export function BackupView({ id, mayVerify, mayRepair, mayRestore }: BackupViewProps) {
  const { data: backup, error, refetch } = useQuery(backupQuery(id));
  if (!backup) return error ? <ErrorNote failure={error} onRetry={() => void refetch()} /> : <Skeleton rows={8} />;
  return (
    <>
      <BackupTitle backup={backup} mayVerify={mayVerify} mayRestore={mayRestore} />
      <SystemAges name={backup.system} />
      <BackupFacts backup={backup} />
      <div className="grid grid-cols-2 phone:block [&>*]:border-line [&>*]:pb-3 [&>*+*]:border-l phone:[&>*+*]:border-t phone:[&>*+*]:border-l-0">
        <Copies backup={backup} mayRepair={mayRepair} />
        <Verifications backup={backup} />
      </div>
      <Lossy lossy={backup.lossy} />
      {backup.manifest && <ManifestPane manifest={backup.manifest} />}
    </>
  );
}

const IS_THERE: ReadonlySet<BackupDetail["state"]> = new Set(["complete", "incomplete"]);

const START_METHODS: ReadonlySet<string> = new Set(["physical", "tar"]);

/** Whether a restore can begin with it: a full, or an increment that is more than the names of logs. */
function isStart({ type, method }: BackupDetail): boolean {
  return type === "full" || (type === "incremental" && START_METHODS.has(method));
}

interface BackupTitleProps {
  backup: BackupDetail;
  mayVerify: boolean;
  mayRestore: boolean;
}

function BackupTitle({ backup, mayVerify, mayRestore }: BackupTitleProps) {
  const router = useRouter();
  const verification = useAction(startVerification, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  const systems = useQuery(systemsQuery()).data?.systems;
  const title = systems?.find((each) => each.name === backup.system)?.title ?? backup.system;
  const isThere = IS_THERE.has(backup.state);
  const canVerify = mayVerify && isStart(backup) && isThere;
  return (
    <>
      <PageTitle
        acts={
          <>
            {mayRestore && isThere && <RestoreLink backup={backup} />}
            {canVerify && (
              <Button
                look="primary"
                disabled={verification.isPending}
                focusableWhenDisabled
                onClick={() => verification.run({ backup: backup.id, level: "restore" })}
              >
                Verify by restore
              </Button>
            )}
          </>
        }
      >
        <PageHeading>
          {title}, {backup.type} of <NearInstant at={backup.startedAt} />
        </PageHeading>
        <Status tone={BACKUP_TONE[backup.state]}>{BACKUP_WORD[backup.state]}</Status>
        <Origin backup={backup} />
      </PageTitle>
      {backup.error && (
        <ErrorNote
          failure={{ message: backup.error }}
          className="border-t border-line bg-failed-tint px-4 py-2 phone:px-3"
        />
      )}
      {verification.failure && (
        <ErrorNote failure={verification.failure} className="border-t border-line px-4 py-2 phone:px-3" />
      )}
    </>
  );
}

/** Its id, and the run and the cut that it came of. */
function Origin({ backup }: { backup: BackupDetail }) {
  return (
    <span className="flex items-center gap-3 text-ink-3 phone:flex-[1_0_100%] phone:text-12">
      <span className="inline-flex items-center gap-1">
        backup <Hash value={backup.id} label="Copy backup id" />
      </span>
      {backup.runId && (
        <Link href={`/runs/${backup.runId}`} className="link">
          its run
        </Link>
      )}
      {backup.cut && (
        <Link href={`/backups/cuts/${backup.cut}`} className="link">
          its cut
        </Link>
      )}
    </span>
  );
}

/** A restore of what this backup shows, for the wizard to begin with. */
function RestoreLink({ backup }: { backup: BackupDetail }) {
  if (!backup.endedAt) return null;
  return (
    <Link
      href={`/recovery/restore?system=${backup.system}&at=${backup.endedAt}`}
      className={buttonStyles()}
      title="Restore a copy as of the end of this backup"
    >
      <Icon name="restore" />
      Restore a copy
    </Link>
  );
}

/** What this backup is one of. */
function SystemAges({ name }: { name: string }) {
  const system = useQuery(systemsQuery()).data?.systems.find((each) => each.name === name);
  return (
    <div className="flex min-h-7 flex-wrap items-center gap-x-4 border-t border-line px-4 text-12 phone:px-3 phone:py-1.5">
      <Link href={`/systems/${name}`} className="link">
        {system?.title ?? name}
      </Link>
      {system && <Ages system={system} />}
    </div>
  );
}

function BackupFacts({ backup }: { backup: BackupDetail }) {
  const present = backup.copies.filter((copy) => copy.state === "present").length;
  return (
    <Facts columns={5}>
      <Fact name="Started" evidence={<Age at={backup.startedAt} suffix=" ago" />}>
        <b>
          <Instant at={backup.startedAt} form="day-time" details />
        </b>
      </Fact>
      <Fact name="Took" evidence={backup.method}>
        <b>
          <Elapsed at={backup.startedAt} until={backup.endedAt} />
        </b>
      </Fact>
      <Fact name="Stored" evidence="in each repository">
        <b>{backup.sizeBytes === null ? "–" : formatBytes(backup.sizeBytes)}</b>
      </Fact>
      <Fact name="Copies" evidence={backup.copies.map((copy) => copy.repository).join(", ")}>
        <b>{present}</b> of {backup.copies.length}
      </Fact>
      {backup.position ? (
        <Fact name="Position" evidence={`${backup.position.file}:${backup.position.offset}`}>
          <b className="text-13! mono">{backup.position.gtid}</b>
        </Fact>
      ) : (
        <Fact name="Ended" evidence={<Age at={backup.endedAt} suffix=" ago" />}>
          <b>
            <Instant at={backup.endedAt} form="day-time" />
          </b>
        </Fact>
      )}
    </Facts>
  );
}

function Verifications({ backup }: { backup: BackupDetail }) {
  return (
    <Pane label="Verifications">
      <PaneHead title="Verifications" scope={backup.verifications.length} />
      {backup.verifications.length === 0 && (
        <p className="text-ink-3">
          Nobody has tried to prove it yet. Until then it is a file, not a backup that is known to restore.
        </p>
      )}
      <ul>
        {backup.verifications.map((each) => (
          <li key={each.id} className="grid min-h-7 grid-cols-[12px_88px_minmax(0,1fr)_auto] items-center gap-2">
            <Glyph tone={VERDICT_TONE[each.verdict]} />
            <span className="font-medium">{each.level}</span>
            <span className="truncate text-12 text-ink-3">
              {each.verdict}
              {each.repository && `, from ${each.repository}`}
            </span>
            <Linked runId={each.runId}>
              <Instant at={each.at} form="day-time" />
            </Linked>
          </li>
        ))}
      </ul>
    </Pane>
  );
}

function Linked({ runId, children }: { runId: string | null; children: ReactNode }) {
  if (!runId) return <span className="text-12 text-ink-3">{children}</span>;
  return (
    <Link href={`/runs/${runId}`} className="text-12 link">
      {children}
    </Link>
  );
}

function Lossy({ lossy }: { lossy: readonly string[] }) {
  if (lossy.length === 0) return null;
  return (
    <section aria-label="What it cannot carry" className="border-t border-line px-4 pb-3 phone:px-3">
      <PaneHead title="What it cannot carry" scope={lossy.length} />
      <ul>
        {lossy.map((each) => (
          <li key={each} className="flex items-baseline gap-2 py-0.5">
            <Glyph tone="warning" label="lossy" />
            {each}
          </li>
        ))}
      </ul>
    </section>
  );
}
