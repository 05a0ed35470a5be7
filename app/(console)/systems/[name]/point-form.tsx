"use client";

import Link from "next/link";
import { useState } from "react";
import { useNow, useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { Verification } from "@/components/patterns/levels";
import { chainsTo } from "@/components/patterns/recovery-model";
import { buttonStyles } from "@/components/ui/button";
import { INPUT } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { formatDuration } from "@/lib/kernel/format";
import type { SystemDetail } from "@/lib/systems/schemas";
import { readPoint } from "./point-text";

/** Choose a point; see which chains reach it; go on to the recovery of it. */
export function PointForm({ system, mayRestore }: { system: SystemDetail; mayRestore: boolean }) {
  const { zone } = useZone();
  const now = useNow();
  const [text, setText] = useState("latest");
  const [chosen, setChosen] = useState<string | null>(null);
  const point = readPoint(text);
  const best = system.lanes.flatMap((lane) => (lane.recoverableTo ? [Date.parse(lane.recoverableTo)] : [])).toSorted((a, b) => b - a)[0];
  const pointMs = point.kind === "time" ? point.ms : point.kind === "latest" ? (best ?? null) : null;
  // "Latest" means each repository's own newest point.
  const chains = system.lanes.flatMap((lane) => {
    const own = point.kind === "latest" && lane.recoverableTo ? Date.parse(lane.recoverableTo) : pointMs;
    return own === null ? [] : chainsTo([lane], own).map((chain) => ({ ...chain, toMs: own }));
  });
  const from = chains.find((chain) => chain.repository === chosen)?.repository ?? null;
  const name = pointMs === null ? "this transaction" : formatInstant(pointMs, "time", zone);
  const query = new URLSearchParams({ system: system.name, at: point.kind === "bad" ? "latest" : point.point, ...(from ? { from } : {}) });
  return (
    <section
      aria-label="Restore to"
      className="grid grid-cols-[auto_1fr_auto] items-center gap-x-6 gap-y-1 border-t border-line px-4 py-1.5 phone:grid-cols-1 phone:gap-3 phone:px-3 phone:py-2.5"
    >
      <label className="grid gap-0.5 text-12 whitespace-nowrap">
        <span className="text-ink-3">Restore to</span>
        <input
          className={`${INPUT} mono w-[216px]! phone:w-full!`}
          value={text}
          spellCheck={false}
          aria-invalid={point.kind === "bad"}
          aria-describedby="point-note"
          onChange={(event) => setText(event.target.value)}
        />
        <span id="point-note" className={point.kind === "bad" ? "max-w-[216px] font-medium whitespace-normal text-failed" : "text-ink-3"}>
          {note(point.kind, point.kind === "bad" ? point.reason : null, pointMs === null ? null : now - pointMs)}
        </span>
      </label>
      <Chains chains={chains} chosen={from} isKnown={point.kind !== "gtid"} onChoose={setChosen} system={system} />
      <div className="grid justify-items-end gap-[3px] phone:justify-items-stretch">
        {mayRestore && point.kind !== "bad" && (best !== undefined || point.kind === "gtid") ? (
          <Link href={`/recovery?${query.toString()}`} className={buttonStyles({ look: "primary" })}>
            <Icon name="restore" />
            Restore to {name}
          </Link>
        ) : (
          <span className="text-12 text-ink-3">{mayRestore ? "Nothing to restore from yet" : "Your role may not restore"}</span>
        )}
        <span className="max-w-[210px] text-right text-12 text-ink-3 phone:max-w-none phone:text-left">
          Scratch servers are free at any time; live is a step of its own.
        </span>
      </div>
    </section>
  );
}

function note(kind: string, reason: string | null, agoMs: number | null): string {
  if (reason) return reason;
  if (kind === "gtid") return "the runner resolves it in the log";
  const age = agoMs === null ? "" : `, ${formatDuration(Math.max(0, Math.floor(agoMs / 1_000) * 1_000))} ago`;
  return kind === "latest" ? `the newest point there is${age}` : `a chosen point${age}`;
}

interface ChainsProps {
  chains: (ReturnType<typeof chainsTo>[number] & { toMs: number })[];
  chosen: string | null;
  isKnown: boolean;
  onChoose: (repository: string | null) => void;
  system: SystemDetail;
}

function Chains({ chains, chosen, isKnown, onChoose, system }: ChainsProps) {
  const { zone } = useZone();
  if (!isKnown) return <p className="text-12 text-ink-3">Which chain reaches a transaction is found by the recovery itself.</p>;
  if (chains.length === 0) {
    const nearest = system.recoverableTo ? `The newest point is ${formatInstant(Date.parse(system.recoverableTo), "full", zone)}.` : "";
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
          <th scope="col">Full proven by</th>
        </tr>
      </thead>
      <tbody className="[&_td]:h-[22px] [&_td]:pr-4 [&_td]:whitespace-nowrap">
        {chains.map((chain) => (
          <tr key={chain.repository}>
            <td>
              <input
                type="radio"
                name="chain"
                aria-label={`Restore from ${chain.repository} alone`}
                className="block size-3 appearance-none rounded-full border-[1.5px] border-field checked:border-4 checked:border-ink"
                checked={chosen === chain.repository}
                onChange={() => onChoose(chain.repository)}
              />
            </td>
            <td>
              full {formatInstant(Date.parse(chain.fullAt), "day-minute", zone)}
              {chain.logMs > 0 && `, then ${formatDuration(Math.floor(chain.logMs / 1_000) * 1_000)} of log`}
            </td>
            <td className="phone:hidden">{chain.repository}</td>
            <td>
              <Verification level={chain.isProven ? "restore" : "object"} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
