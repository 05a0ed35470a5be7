"use client";

import Link from "next/link";
import { PaneHead } from "@/components/patterns/pane";
import { Status } from "@/components/patterns/status";
import { Age, Instant } from "@/components/patterns/time";
import type { PlantResult, VerifierView } from "@/lib/verification/schemas";
import { OUTCOME_TONE, OUTCOME_WORD, VERIFIER_TONE, VERIFIER_WORD } from "./verdict-status";

const LEVELS = ["object", "restore", "replay"] as const;

/** The verifier on backups that are broken by intent: which level caught which. */
export function VerifierTest({ verifier }: { verifier: VerifierView }) {
  const { state, testedAt, plants, error, runId, nextAt } = verifier;
  return (
    <section aria-label="The verifier's own test" className="border-t border-line pb-4">
      <PaneHead
        title="The verifier's own test"
        scope={plants.length > 0 ? `${plants.length - 1} broken backups and a good one` : "not carried out yet"}
        className="px-4 phone:flex-wrap phone:px-3"
        more={
          runId && (
            <Link href={`/runs/${runId}`} className="link">
              Its run
            </Link>
          )
        }
      >
        <Status tone={VERIFIER_TONE[state]}>{VERIFIER_WORD[state]}</Status>
        {testedAt && <Age at={testedAt} className="text-ink-3" suffix=" ago" />}
      </PaneHead>
      {error && <p className="px-4 pb-2 text-failed phone:px-3">{error}</p>}
      {plants.length > 0 ? (
        <Plants plants={plants} />
      ) : (
        <p className="px-4 text-ink-3 phone:px-3">
          Backups that are broken by intent are planted, and each level must see what it is there to see. Until then it
          is not known whether a passed verification means anything.
          {nextAt && (
            <>
              {" "}
              Due <Instant at={nextAt} form="day-minute" />.
            </>
          )}
        </p>
      )}
    </section>
  );
}

function Plants({ plants }: { plants: readonly PlantResult[] }) {
  return (
    <table className="w-full border-t border-line">
      <thead>
        <tr className="h-7 text-left text-12 text-ink-3 [&>th]:font-normal">
          <th className="pl-4 phone:pl-3">Planted</th>
          {LEVELS.map((level) => (
            <th key={level} className="w-28 phone:w-[74px]">
              {level}
            </th>
          ))}
          <th className="w-[38%] pr-4 phone:hidden">As it was told</th>
        </tr>
      </thead>
      <tbody>
        {plants.map((plant) => (
          <tr key={plant.plant} className="border-t border-line align-top [&>td]:py-1.5">
            <td className="pl-4 font-medium phone:pl-3">{plant.title}</td>
            {LEVELS.map((level) => (
              <td key={level}>
                {plant.levels[level] === "not-tried" ? (
                  <span className="text-ink-3">–</span>
                ) : (
                  <Status tone={OUTCOME_TONE[plant.levels[level]]}>{OUTCOME_WORD[plant.levels[level]]}</Status>
                )}
              </td>
            ))}
            <td className="pr-4 text-12 break-words text-ink-3 phone:hidden">{plant.message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
