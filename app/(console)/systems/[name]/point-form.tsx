"use client";

import Link from "next/link";
import { useState } from "react";
import { useNow, useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { Verification } from "@/components/patterns/levels";
import { chainsTo } from "@/components/patterns/recovery-model";
import { buttonStyles } from "@/components/ui/button";
import { INPUT, Radio } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { formatCountOf, formatDuration } from "@/lib/kernel/format";
import type { SystemDetail } from "@/lib/systems/schemas";
import { pointsOf } from "../system-order";
import { readPoint, type TypedPoint } from "./point-text";

type ReachingChain = ReturnType<typeof chainsTo>[number];

/** The newest point of any repository. */
function newestOf(system: SystemDetail): number | null {
  const points = system.lanes.flatMap((lane) => (lane.recoverableTo ? [Date.parse(lane.recoverableTo)] : []));
  return points.length > 0 ? Math.max(...points) : null;
}

/** The chains that reach what was typed; "latest" means each repository's own newest point. */
function chainsFor(system: SystemDetail, point: TypedPoint): ReachingChain[] {
  const points = pointsOf(system);
  if (point.kind === "time") return chainsTo(system.lanes, point.ms, points);
  if (point.kind !== "latest") return [];
  return system.lanes.flatMap((lane) =>
    lane.recoverableTo ? chainsTo([lane], Date.parse(lane.recoverableTo), points) : [],
  );
}

/** Choose a point; see which chains reach it; go on to the recovery of it. */
export function PointForm({ system, mayRestore }: { system: SystemDetail; mayRestore: boolean }) {
  const now = useNow();
  const [text, setText] = useState("latest");
  const [chosen, setChosen] = useState<string | null>(null);
  const point = readPoint(text, now);
  const newest = newestOf(system);
  const pointMs = point.kind === "time" ? point.ms : point.kind === "latest" ? newest : null;
  const chains = chainsFor(system, point);
  const from = chains.find((chain) => chain.repository === chosen)?.repository ?? null;
  const isBad = point.kind === "bad";
  return (
    <section
      aria-label="Restore to"
      className="grid grid-cols-[auto_1fr_auto] items-center gap-x-6 gap-y-1 border-t border-line px-4 py-1.5 phone:grid-cols-1 phone:gap-3 phone:px-3 phone:py-2.5"
    >
      <label className="grid gap-0.5 text-12 whitespace-nowrap">
        <span className="text-ink-3">Restore to</span>
        <input
          className={`${INPUT} w-[216px]! mono phone:w-full!`}
          value={text}
          spellCheck={false}
          aria-invalid={isBad}
          aria-describedby="point-note"
          onChange={(event) => setText(event.target.value)}
        />
        <span
          id="point-note"
          className={isBad ? "max-w-[216px] font-medium whitespace-normal text-failed" : "text-ink-3"}
        >
          {noteOf(point, pointMs === null ? null : now - pointMs)}
        </span>
      </label>
      <Chains chains={chains} chosen={from} isKnown={point.kind !== "gtid"} onChoose={setChosen} system={system} />
      <div className="grid justify-items-end gap-[3px] phone:justify-items-stretch">
        {mayRestore ? (
          <RestoreLink system={system} point={point} pointMs={pointMs} from={from} />
        ) : (
          <span className="text-12 text-ink-3">Your role may not restore</span>
        )}
        <span className="max-w-[210px] text-right text-12 text-ink-3 phone:max-w-none phone:text-left">
          Scratch servers are free at any time; live is a step of its own.
        </span>
      </div>
    </section>
  );
}

interface RestoreLinkProps {
  system: SystemDetail;
  point: TypedPoint;
  pointMs: number | null;
  from: string | null;
}

function RestoreLink({ system, point, pointMs, from }: RestoreLinkProps) {
  const { zone } = useZone();
  if (point.kind === "bad" || (pointMs === null && point.kind !== "gtid")) {
    return <span className="text-12 text-ink-3">Nothing to restore to</span>;
  }
  const query = new URLSearchParams({ system: system.name, at: point.point, ...(from ? { from } : {}) });
  return (
    <Link href={`/recovery?${query.toString()}`} className={buttonStyles({ look: "primary" })}>
      <Icon name="restore" />
      Restore to {pointMs === null ? "this transaction" : formatInstant(pointMs, "time", zone)}
    </Link>
  );
}

function noteOf(point: TypedPoint, agoMs: number | null): string {
  if (point.kind === "bad") return point.reason;
  if (point.kind === "gtid") return "the runner resolves it in the log";
  const age = agoMs === null ? "" : `, ${formatDuration(Math.max(0, Math.floor(agoMs / 1_000) * 1_000))} ago`;
  return `${point.kind === "latest" ? "the newest point there is" : "a chosen point"}${age}`;
}

interface ChainsProps {
  chains: readonly ReachingChain[];
  chosen: string | null;
  isKnown: boolean;
  onChoose: (repository: string | null) => void;
  system: SystemDetail;
}

function Chains({ chains, chosen, isKnown, onChoose, system }: ChainsProps) {
  const { zone } = useZone();
  if (!isKnown)
    return <p className="text-12 text-ink-3">Which chain reaches a transaction is found by the recovery itself.</p>;
  if (chains.length === 0) {
    const nearest = system.recoverableTo
      ? `The newest point is ${formatInstant(Date.parse(system.recoverableTo), "full", zone)}.`
      : "";
    return <p className="text-12 text-ink-2">No chain reaches that point in any repository. {nearest}</p>;
  }
  return (
    <table className="text-12">
      <thead className="text-ink-3 [&_th]:h-[22px] [&_th]:pr-4">
        <tr>
          <th scope="col" className="w-5">
            <span className="sr-only">Only from</span>
          </th>
          <th scope="col">Chain that reaches it</th>
          <th scope="col" className="phone:hidden">
            Repository
          </th>
          <th scope="col">Proven by</th>
        </tr>
      </thead>
      <tbody className="[&_td]:h-[22px] [&_td]:pr-4 [&_td]:whitespace-nowrap">
        {chains.map((chain) => (
          <tr key={chain.repository}>
            <td>
              <Radio
                name="chain"
                label={`Restore from ${chain.repository} alone`}
                isChecked={chosen === chain.repository}
                onChange={() => onChoose(chain.repository)}
              />
            </td>
            <td>
              full {formatInstant(Date.parse(chain.fullAt), "day-minute", zone)}
              {chain.increments > 0 &&
                `, ${formatCountOf(chain.increments, "increment")} to ${formatInstant(Date.parse(chain.tipAt), "day-minute", zone)}`}
              {chain.logMs > 0 && `, then ${formatDuration(Math.floor(chain.logMs / 1_000) * 1_000)} of log`}
            </td>
            <td className="phone:hidden">{chain.repository}</td>
            <td>
              {chain.isProven ? <Verification level="restore" /> : <span className="text-ink-3">not proven yet</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
