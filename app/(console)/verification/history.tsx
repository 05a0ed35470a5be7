"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { verificationsQuery } from "@/app/_client/queries";
import { Verification } from "@/components/patterns/levels";
import { Filter, FilterRow, PagedList } from "@/components/patterns/list-controls";
import { PaneHead } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import { Glyph, Status } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import { formatDuration } from "@/lib/kernel/format";
import type { CheckEvidence, VerificationView } from "@/lib/verification/schemas";
import { LEVELS, VERDICTS, VERIFICATIONS_PER_PAGE, verificationSearch } from "./search-params";
import { VERDICT_TONE, VERDICT_WORD } from "./verdict-status";

/** Every attempt to prove a backup, newest first; each opens to its evidence. */
export function History({ systems }: { systems: readonly string[] }) {
  const [search, setSearch] = useQueryStates(verificationSearch);
  const verifications = useQuery(verificationsQuery({ ...search, limit: VERIFICATIONS_PER_PAGE }));
  const isFiltered = search.system !== null || search.level !== null || search.verdict !== null;
  const filter = (change: Partial<typeof search>) => void setSearch({ ...change, cursor: null });
  const clear = () => void setSearch(null);
  return (
    <section aria-label="History" className="border-t border-line">
      <PaneHead title="History" scope="open a line for its evidence" className="px-4 phone:px-3" />
      <FilterRow isFiltered={isFiltered} onClear={clear}>
        <Filter name="systems" value={search.system} options={systems} onChange={(system) => filter({ system })} />
        <Filter name="levels" value={search.level} options={LEVELS} onChange={(level) => filter({ level })} />
        <Filter
          name="verdicts"
          value={search.verdict}
          options={VERDICTS}
          word={(verdict) => VERDICT_WORD[verdict].toLowerCase()}
          onChange={(verdict) => filter({ verdict })}
        />
      </FilterRow>
      <Loaded answer={verifications} rows={6}>
        {(page) => (
          <PagedList
            noun="verification"
            page={{ rows: page.verifications, nextCursor: page.nextCursor }}
            cursor={search.cursor}
            onCursor={(cursor) => void setSearch({ cursor })}
            isFiltered={isFiltered}
            onClear={clear}
            empty={<NoVerifications />}
          >
            {(rows) => (
              <ul className="border-t border-line">
                {rows.map((each) => (
                  <Attempt key={each.id} verification={each} />
                ))}
              </ul>
            )}
          </PagedList>
        )}
      </Loaded>
    </section>
  );
}

function NoVerifications() {
  return (
    <Empty title="Nothing was verified yet">
      <p>
        Until then nothing is known of the backups, and nothing is green. Verify one on its page under{" "}
        <Link href="/backups" className="link">
          Backups
        </Link>
        , or wait for the daily round.
      </p>
    </Empty>
  );
}

function Attempt({ verification }: { verification: VerificationView }) {
  const { system, level, verdict, at, repository, durationMs, evidence } = verification;
  return (
    <li className="border-b border-line">
      <details className="group">
        <summary className="grid min-h-(--row) cursor-pointer list-none grid-cols-[132px_minmax(0,1fr)_140px_170px_110px_80px] items-center gap-3 px-4 hover:bg-hover phone:grid-cols-[1fr_auto] phone:gap-x-2 phone:gap-y-0.5 phone:px-3 phone:py-2">
          <Instant at={at} form="day-time" />
          <span className="truncate font-medium phone:row-start-2">{system}</span>
          <span className="phone:col-start-2 phone:row-start-2">
            <Verification level={level} />
          </span>
          <span className="phone:col-start-2 phone:row-start-1">
            <Status tone={VERDICT_TONE[verdict]}>{VERDICT_WORD[verdict]}</Status>
          </span>
          <span className="truncate text-ink-3 phone:hidden">{repository ?? "no repository"}</span>
          <span className="text-right text-ink-3 phone:hidden">
            {durationMs === null ? "–" : formatDuration(durationMs)}
          </span>
        </summary>
        <div className="bg-hover px-4 pt-1 pb-3 phone:px-3">
          {evidence.error && <p className="pb-1 text-failed">{evidence.error}</p>}
          <ul>
            {evidence.checks.map((check) => (
              <CheckLine key={check.key} check={check} />
            ))}
          </ul>
          <Origin verification={verification} />
        </div>
      </details>
    </li>
  );
}

function CheckLine({ check }: { check: CheckEvidence }) {
  return (
    <li className="grid min-h-6 grid-cols-[12px_260px_minmax(0,1fr)_72px] items-start gap-2 py-0.5 phone:grid-cols-[12px_minmax(0,1fr)_56px]">
      <Glyph tone={check.state === "passed" ? "ok" : "failed"} className="mt-[5px] size-3" label={check.state} />
      <span>{check.title}</span>
      <span className="break-words text-ink-3 phone:col-start-2 phone:text-12">{check.summary}</span>
      <span className="text-right text-ink-3 phone:col-start-3 phone:row-start-1">
        {formatDuration(check.durationMs)}
      </span>
    </li>
  );
}

function Origin({ verification }: { verification: VerificationView }) {
  const { backupId, backupStartedAt, runId, repository, evidence } = verification;
  const tools = Object.entries(evidence.tools).map(([name, version]) => `${name} ${version}`);
  return (
    <p className="pt-1 text-12 text-ink-3">
      <Link href={`/backups/${backupId}`} className="link">
        backup of <Instant at={backupStartedAt} form="day-time" />
      </Link>{" "}
      from {repository ?? "no repository"}
      {runId && (
        <>
          ,{" "}
          <Link href={`/runs/${runId}`} className="link">
            its run
          </Link>
        </>
      )}
      {evidence.runner && <>, runner {evidence.runner}</>}
      {tools.length > 0 && <>; {tools.join(", ")}</>}
    </p>
  );
}
