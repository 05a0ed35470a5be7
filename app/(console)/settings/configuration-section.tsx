"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryState } from "nuqs";
import { configurationsQuery } from "@/app/_client/queries";
import { CopyButton } from "@/components/patterns/copy";
import { PaneHead } from "@/components/patterns/pane";
import { Empty, ErrorNote, Skeleton } from "@/components/patterns/states";
import { Instant } from "@/components/patterns/time";
import { settingsSearch } from "./search-params";

/** The declared estate, and every version that was applied. It is changed by `holdfast apply`; secrets stay names. */
export function ConfigurationSection() {
  const { data, error, refetch } = useQuery(configurationsQuery());
  const [version, setVersion] = useQueryState("version", settingsSearch.version);
  if (error && !data) return <ErrorNote failure={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton rows={6} />;
  const shown = data.find((each) => each.version === version) ?? data[0];
  if (!shown) {
    return (
      <Empty title="No estate is declared yet">
        <p>
          Write <code className="mono">holdfast.yaml</code> and run{" "}
          <code className="mono">npm run -s holdfast -- apply -f holdfast.yaml</code>.
        </p>
      </Empty>
    );
  }
  return (
    <div className="grid grid-cols-[280px_minmax(0,1fr)] phone:block">
      <section aria-label="Versions">
        <PaneHead
          title="Versions"
          scope={data.length}
          className="px-4 phone:px-3"
          more={<Link href="/audit?query=action%3Aconfiguration.changed">Changes</Link>}
        />
        <ul>
          {data.map((each) => (
            <li key={each.version} className="border-t border-line">
              <button
                type="button"
                {...(each === shown ? { "aria-current": true as const } : {})}
                className={`grid w-full px-4 py-1.5 text-left phone:px-3 ${each === shown ? "bg-pressed shadow-[inset_2px_0_0_var(--ink)]" : "hover:bg-hover"}`}
                onClick={() => void setVersion(each === data[0] ? null : each.version)}
              >
                <span className="font-medium">
                  Version {each.version} {each === data[0] && <span className="font-normal text-ink-3">holds now</span>}
                </span>
                <span className="truncate text-12 text-ink-3">
                  <Instant at={each.appliedAt} form="full" /> by {each.appliedBy}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section
        aria-label={`Version ${shown.version}`}
        className="min-w-0 border-l border-line phone:border-t phone:border-l-0"
      >
        <PaneHead title="holdfast.yaml" scope={`version ${shown.version}, read-only here`} className="px-4 phone:px-3">
          <span className="ml-auto inline-flex items-center gap-1 text-12 text-ink-3">
            <code className="mono">{shown.digest.slice(0, 12)}…</code>
            <CopyButton text={shown.text} label="Copy the document" />
          </span>
        </PaneHead>
        <pre tabIndex={0} className="overflow-auto border-t border-line bg-sunken px-4 py-3 leading-5 mono phone:px-3">
          {shown.text}
        </pre>
      </section>
    </div>
  );
}
