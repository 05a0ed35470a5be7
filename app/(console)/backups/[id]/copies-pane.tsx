"use client";

import { useRouter } from "next/navigation";
import { startRepair } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { CopyButton } from "@/components/patterns/copy";
import { Pane, PaneHead } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age, Instant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import type { BackupDetail } from "@/lib/backups/schemas";
import { COPY_TONE } from "../backup-status";

const IS_LOST = { missing: true, damaged: true } as Partial<Record<BackupDetail["copies"][number]["state"], true>>;

/** Where it lies, what is known of each copy, and the way to bring back one that is lost. */
export function Copies({ backup, mayRepair }: { backup: BackupDetail; mayRepair: boolean }) {
  const router = useRouter();
  const repair = useAction(startRepair, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  const lost = backup.copies.filter((copy) => IS_LOST[copy.state]);
  const canRepair = mayRepair && backup.copies.some((copy) => copy.state === "present");
  return (
    <Pane label="Copies">
      <PaneHead title="Copies" scope={backup.copies.length} />
      <ul>
        {backup.copies.map((copy) => (
          <li
            key={copy.repository}
            className="grid min-h-7 grid-cols-[12px_88px_minmax(0,1fr)_auto] items-center gap-2"
          >
            <Glyph tone={COPY_TONE[copy.state]} />
            <span className="font-medium">{copy.repository}</span>
            <span className="truncate text-12 text-ink-3" title={copy.error ?? undefined}>
              {copy.error ?? <CopyFacts copy={copy} />}
            </span>
            {copy.sha256 ? (
              <span className="inline-flex items-center text-12 text-ink-3">
                <code className="mono">{copy.sha256.slice(0, 8)}…</code>
                <CopyButton text={copy.sha256} label={`Copy SHA-256 in ${copy.repository}`} />
              </span>
            ) : (
              <span />
            )}
          </li>
        ))}
      </ul>
      {canRepair &&
        lost.map((copy) => (
          <Button
            key={copy.repository}
            className="mt-2 mr-2"
            disabled={repair.isPending}
            focusableWhenDisabled
            title="Copies what is missing or damaged there from a repository that holds it well"
            onClick={() => repair.run({ repository: copy.repository })}
          >
            Repair {copy.repository}
          </Button>
        ))}
      {repair.failure && <ErrorNote failure={repair.failure} className="pt-2" />}
    </Pane>
  );
}

function CopyFacts({ copy }: { copy: BackupDetail["copies"][number] }) {
  if (copy.expiredAt) {
    return (
      <span title={copy.expiredReason ?? undefined}>
        deleted <Instant at={copy.expiredAt} form="day-time" />: {copy.expiredReason}
      </span>
    );
  }
  return (
    <>
      {copy.state}
      {copy.checkedAt && (
        <>
          , checked <Age at={copy.checkedAt} suffix=" ago" />
        </>
      )}
      {copy.lockedUntil && (
        <>
          , locked until <Instant at={copy.lockedUntil} form="day" />
        </>
      )}
    </>
  );
}
