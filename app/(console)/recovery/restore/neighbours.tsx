"use client";

import { PaneHead } from "@/components/patterns/pane";
import { Verification } from "@/components/patterns/levels";
import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { formatBytes, formatDuration } from "@/lib/kernel/format";
import type { Neighbour, RestorePreview } from "@/lib/recovery/schemas";
import { chainText } from "./chain-text";

const WORD: Record<Neighbour["kind"], string> = {
  full: "full backup",
  incremental: "incremental backup",
  "first-transaction": "first transaction of",
  "last-heartbeat": "newest heartbeat of",
  "last-transaction": "last transaction of",
};

interface NeighboursProps {
  preview: RestorePreview;
  onChoose: (at: string) => void;
}

/** What the catalogue knows just before and just after the point, and the chains that reach it. */
export function Neighbours({ preview, onChoose }: NeighboursProps) {
  const { zone } = useZone();
  const pointMs = preview.pointAt ? Date.parse(preview.pointAt) : null;
  if (pointMs === null) return null;
  const shown = formatInstant(pointMs, "millis", zone);
  return (
    <div className="grid grid-cols-[minmax(0,3fr)_minmax(0,2fr)] border-y border-line phone:grid-cols-1">
      <section aria-label="Around the point" className="min-w-0 px-4 pb-2.5 phone:px-3">
        <PaneHead title="Around the point" scope="what the catalogue knows of it" />
        <ol>
          {preview.before.map((each) => (
            <Row key={`${each.at} ${each.kind}`} neighbour={each} pointMs={pointMs} onChoose={onChoose} />
          ))}
          <li className="grid min-h-7 grid-cols-[150px_72px_1fr] items-center gap-2 border-y border-ink bg-sunken px-1 font-medium phone:grid-cols-[132px_56px_1fr]">
            <span title={shown}>{formatInstant(pointMs, "day-time", zone)}</span>
            <span />
            <span>the chosen point</span>
          </li>
          {preview.after.map((each) => (
            <Row key={`${each.at} ${each.kind}`} neighbour={each} pointMs={pointMs} onChoose={onChoose} />
          ))}
          {preview.after.length === 0 && (
            <li className="px-1 pt-1 text-12 text-ink-3">nothing later is known: this is the edge</li>
          )}
        </ol>
        <p className="mt-2 max-w-[64ch] text-12 text-ink-3">
          {preview.points === "backups"
            ? "Files and code come back as the newest backup has them that had ended at the point. Between two backups there is nothing to take."
            : `What lies inside a file is read by the run itself. It ends before the first heartbeat that is stamped after the point; heartbeats are ${formatDuration(preview.resolutionMs)} apart, so the copy is at most that much older than the point. The run says exactly where it ended.`}
        </p>
      </section>
      <section
        aria-label="Chains that reach it"
        className="min-w-0 border-l border-line px-4 pb-2.5 phone:border-t phone:border-l-0 phone:px-3"
      >
        <PaneHead title="Chains that reach it" scope={preview.chains.length} />
        <ul className="grid gap-2">
          {preview.chains.map((chain) => (
            <li key={chain.repository}>
              <span className="flex justify-between gap-2">
                <span className="font-medium">{chain.repository}</span>
                <Verification level={chain.isProven ? "restore" : null} />
              </span>
              <span className="text-12 text-ink-2">
                {chainText(chain, zone)}
                {preview.points === "backups" ? (
                  <>{chain.fullBytes !== null && `, ${formatBytes(chain.fullBytes)}`}</>
                ) : (
                  <>
                    {chain.fullBytes !== null && `, ${formatBytes(chain.fullBytes)}`}, then log to{" "}
                    {formatInstant(Math.min(pointMs, Date.parse(chain.to)), "day-time", zone)},{" "}
                    {formatBytes(chain.logBytes)} at most
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

interface RowProps extends Omit<NeighboursProps, "preview"> {
  neighbour: Neighbour;
  pointMs: number;
}

function Row({ neighbour, pointMs, onChoose }: RowProps) {
  const { zone } = useZone();
  const ms = Date.parse(neighbour.at);
  const isSame = ms === pointMs;
  const distance = formatDuration(Math.abs(ms - pointMs));
  return (
    <li className="grid min-h-6 grid-cols-[150px_72px_1fr_auto] items-center gap-2 px-1 text-12 phone:grid-cols-[132px_56px_1fr] phone:py-1">
      <button
        type="button"
        className="justify-self-start text-13 link disabled:no-underline"
        disabled={isSame}
        title={`Choose ${formatInstant(ms, "full", zone)}`}
        onClick={() => onChoose(neighbour.at)}
      >
        {formatInstant(ms, "day-time", zone)}
      </button>
      <span className="text-right text-ink-3">{isSame ? "" : `${ms < pointMs ? "−" : "+"}${distance}`}</span>
      <span className="min-w-0 truncate text-ink-2">
        {WORD[neighbour.kind]} <span className="mono">{neighbour.file}</span>
      </span>
      <span className="text-ink-3 mono phone:hidden">{neighbour.gtid}</span>
    </li>
  );
}
