"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { apiPost } from "@/app/_client/api";
import { runQuery } from "@/app/_client/queries";
import { actorWords } from "@/components/patterns/actor";
import { ModeChip } from "@/components/patterns/chip";
import { Hash } from "@/components/patterns/copy";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Status } from "@/components/patterns/status";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import type { RunDetail } from "@/lib/runs/schemas";
import { RUN_TONE, RUN_WORD } from "../run-status";

export function RunTitle({ run, mayAbort }: { run: RunDetail; mayAbort: boolean }) {
  const queries = useQueryClient();
  // Through the API: a server action would queue behind any other that is under way.
  const abort = useMutation({
    mutationFn: () => apiPost(`/api/v1/runs/${run.id}/abort`),
    onSuccess: () => queries.invalidateQueries({ queryKey: runQuery(run.id).queryKey }),
  });
  const isAborting = run.endedAt === null && (run.abortRequestedAt !== null || abort.isPending);
  const button = (
    <Button look="stop" disabled={isAborting} focusableWhenDisabled onClick={() => abort.mutate()}>
      <Icon name="stop" />
      {isAborting ? "Aborting" : "Abort run"}
    </Button>
  );
  return (
    <div>
      <PageTitle acts={run.endedAt === null && mayAbort ? button : null}>
        <PageHeading>{run.title}</PageHeading>
        {run.mode && <ModeChip>{run.mode === "live" ? "Live run" : "Drill"}</ModeChip>}
        <Status tone={RUN_TONE[run.state]}>{isAborting ? "Aborting" : RUN_WORD[run.state]}</Status>
        <RunOrigin run={run} />
      </PageTitle>
      {run.reason && (
        <p className="border-t border-line px-4 py-1.5 text-12 text-ink-2 phone:px-3">
          <Reason text={run.reason} />
        </p>
      )}
      {abort.error && <ErrorNote failure={abort.error} className="border-t border-line px-4 py-2 phone:px-3" />}
    </div>
  );
}

/** The backups of a cut are started for it: its page shows them together. */
function Reason({ text }: { text: string }) {
  const cut = /^cut ([0-9a-f-]{36})$/.exec(text)?.[1];
  if (!cut) return `Reason: ${text}`;
  return (
    <>
      Taken for a{" "}
      <Link href={`/backups/cuts/${cut}`} className="link">
        cut
      </Link>
    </>
  );
}

function RunOrigin({ run }: { run: RunDetail }) {
  return (
    <span className="flex h-6 min-w-0 flex-wrap items-center gap-x-3 overflow-hidden text-ink-3 *:min-h-6 *:leading-6 phone:h-auto phone:flex-[1_0_100%] phone:text-12 phone:*:min-h-0 phone:*:leading-normal">
      <span className="inline-flex items-center gap-1">
        run <Hash value={run.id} label="Copy run id" />
      </span>
      <span title={run.startedBy}>by {actorWords(run.startedBy)}</span>
      {run.system && (
        <span>
          on{" "}
          <Link href={`/systems/${run.system}`} className="link">
            {run.system}
          </Link>
        </span>
      )}
      {run.kind === "cut" && (
        <Link href={`/backups/cuts/${run.id}`} className="link">
          what it took
        </Link>
      )}
      {run.runner && (
        <span className="truncate" title={run.runner}>
          on the {actorWords(run.runner)}
        </span>
      )}
      {run.attempts > 1 && <span>taken over, attempt {run.attempts}</span>}
    </span>
  );
}
