"use client";

import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import type { ReactNode } from "react";
import { startRestore } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { ErrorNote } from "@/components/patterns/states";
import { Glyph, type Tone } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { formatBytes, formatCountOf, formatDuration } from "@/lib/kernel/format";
import type { RestorePreview } from "@/lib/recovery/schemas";
import { chainText } from "./chain-text";
import { restoreSearch } from "./search-params";
import { Unreachable } from "./unreachable";

interface CheckStepProps {
  preview: RestorePreview;
  to: string;
  mayRestore: boolean;
}

/** Everything that is known before the start; then the start. */
export function CheckStep({ preview, to, mayRestore }: CheckStepProps) {
  const router = useRouter();
  const [search, setSearch] = useQueryStates(restoreSearch, { history: "push", scroll: false });
  const restore = useAction(startRestore, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  const isBlocked = preview.unreachable !== null || preview.targetRefusal !== null;
  const start = () =>
    restore.run({
      system: preview.system,
      to,
      at: search.at,
      ...(search.from ? { from: search.from } : {}),
      ...(search.reason ? { reason: search.reason } : {}),
    });
  return (
    <>
      {preview.unreachable && (
        <Unreachable preview={preview} onChoose={(at) => void setSearch({ at, step: "check" })} />
      )}
      {preview.targetRefusal && (
        <ErrorNote failure={preview.targetRefusal} className="border-t border-line px-4 py-3 phone:px-3" />
      )}
      <dl className="border-y border-line [&>div]:not-first:border-t [&>div]:not-first:border-line">
        <PointLine preview={preview} at={search.at} />
        <FetchLine preview={preview} />
        <TimeLine preview={preview} />
        <SpaceLine preview={preview} to={to} />
        <RunnerLine preview={preview} />
        <Line name="Approval" tone="ok">
          Nobody: a restore beside production starts at once and is kept in the audit log under your name.
        </Line>
      </dl>
      <div className="flex flex-wrap items-center gap-3 px-4 py-3 phone:px-3">
        {mayRestore ? (
          <Button look="primary" disabled={isBlocked || restore.isPending} focusableWhenDisabled onClick={start}>
            <Icon name="restore" />
            Start the restore
          </Button>
        ) : (
          <span className="text-ink-3">Your role may not restore; an operator or an administrator can.</span>
        )}
        <span className="text-ink-3">into {targetText(to)}; it can be aborted at any time</span>
      </div>
      {restore.failure && <ErrorNote failure={restore.failure} />}
    </>
  );
}

function targetText(to: string): string {
  if (to === "scratch") return "a throw-away server";
  return to.startsWith("dir:") ? `the directory ${to.slice("dir:".length)}` : `the target ${to}`;
}

function Line({ name, tone, children }: { name: string; tone: Tone; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[110px_18px_1fr] items-start gap-2 px-4 py-2 phone:grid-cols-[18px_1fr] phone:px-3">
      <dt className="text-ink-3 phone:col-span-2">{name}</dt>
      <dd className="pt-1">
        <Glyph tone={tone} label={tone} />
      </dd>
      <dd className="min-w-0 text-ink-2 [&_b]:font-medium [&_b]:text-ink">{children}</dd>
    </div>
  );
}

function PointLine({ preview, at }: { preview: RestorePreview; at: string }) {
  const { zone } = useZone();
  if (preview.isTransaction) {
    return (
      <Line name="Point" tone="unknown">
        <b className="mono">{at}</b>: the run looks for it in the log.
      </Line>
    );
  }
  const isLatest = at === "latest";
  return (
    <Line name="Point" tone={preview.unreachable ? "failed" : "ok"}>
      {preview.pointAt ? <b>{formatInstant(Date.parse(preview.pointAt), "full", zone)}</b> : <b>{at}</b>}
      {isLatest && ", the newest that the catalogue knows; the run takes what is there when it starts"}
      {!isLatest && !preview.unreachable && nearnessOf(preview)}
    </Line>
  );
}

/** How near the copy comes to the point. */
function nearnessOf({ points, resolutionMs }: RestorePreview): string {
  return points === "backups"
    ? ", as the newest backup has it that had ended by then"
    : `, met to within ${formatDuration(resolutionMs)} by the run`;
}

function FetchLine({ preview }: { preview: RestorePreview }) {
  const { zone } = useZone();
  const [chain] = preview.chains;
  if (!chain) {
    return (
      <Line name="To fetch" tone="unknown">
        not known before the run has found its chain
      </Line>
    );
  }
  const others = preview.chains.slice(1).map((each) => each.repository);
  return (
    <Line name="To fetch" tone={chain.isProven ? "ok" : "warning"}>
      <b>{chain.fullBytes === null ? "?" : formatBytes(chain.fullBytes)}</b>: {chainText(chain, zone)}
      {chain.logBytes > 0 && (
        <>
          , then at most <b>{formatBytes(chain.logBytes)}</b> of log
        </>
      )}
      , from {chain.repository}
      {others.length > 0 && `; ${others.join(" and ")} reaches it as well`}.{" "}
      {chain.isProven ? "It was proven by a restore." : "No restore has proven it yet."}
    </Line>
  );
}

function TimeLine({ preview }: { preview: RestorePreview }) {
  const { forecast } = preview;
  if (!forecast) {
    return (
      <Line name="Data ready" tone="unknown">
        No forecast: no restore of this system has been measured yet.
      </Line>
    );
  }
  const [least, most] = forecast.secondsRange;
  return (
    <Line name="Data ready" tone="ok">
      in about <b>{formatDuration(forecast.seconds * 1_000)}</b>, between {formatDuration(least * 1_000)} and{" "}
      {formatDuration(most * 1_000)}: the rates of {formatCountOf(forecast.samples, "earlier run")}, the newest{" "}
      <Age at={forecast.newestAt} suffix=" ago" />
    </Line>
  );
}

function SpaceLine({ preview, to }: { preview: RestorePreview; to: string }) {
  const { neededBytes, runner } = preview;
  const freeBytes = to === "scratch" ? (runner?.freeBytes ?? null) : null;
  if (neededBytes === null || freeBytes === null) return <UnknownSpace neededBytes={neededBytes} to={to} />;
  const { tone, word } = judgeRoom(neededBytes, freeBytes);
  return (
    <Line name="Room" tone={tone}>
      At least <b>{formatBytes(neededBytes)}</b> are needed
      {preview.points === "backups" ? "" : ", indexes besides"}; <b>{formatBytes(freeBytes)}</b> were free on{" "}
      {runner?.host} <Age at={runner?.freeAt} suffix=" ago" />
      {word}
    </Line>
  );
}

/** Indexes and the server's own log may take as much again. */
function judgeRoom(neededBytes: number, freeBytes: number): { tone: Tone; word: string } {
  if (freeBytes < neededBytes) return { tone: "failed", word: ": it will not fit." };
  if (freeBytes < neededBytes * 2) return { tone: "warning", word: ": it may not fit." };
  return { tone: "ok", word: "." };
}

function UnknownSpace({ neededBytes, to }: { neededBytes: number | null; to: string }) {
  return (
    <Line name="Room" tone="unknown">
      {neededBytes === null ? (
        "How much is needed is not in the catalogue. "
      ) : (
        <>
          At least <b>{formatBytes(neededBytes)}</b> are needed.{" "}
        </>
      )}
      {to === "scratch" ? "How much is free is not known." : "How much is free there is not known before the run."}
    </Line>
  );
}

function RunnerLine({ preview }: { preview: RestorePreview }) {
  const { runner } = preview;
  return runner ? (
    <Line name="Runner" tone="ok">
      on <b>{runner.host}</b>, seen <Age at={runner.seenAt} suffix=" ago" />
    </Line>
  ) : (
    <Line name="Runner" tone="warning">
      None of its place lives: the run will wait in the queue until one starts.
    </Line>
  );
}
