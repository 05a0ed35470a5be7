"use client";

import { Icon } from "@/components/ui/icon";
import { formatCount } from "@/lib/kernel/format";
import { formatTerm, type FacetsView } from "@/lib/audit/schemas";
import type { AuditQueryState } from "./use-audit-query";

const SHOWN = 6;
const TITLES = { action: "Action", actor: "Actor", severity: "Severity", entity: "Entity" } as const;
const FIELDS = ["action", "actor", "severity", "entity"] as const;

/** What the matching events have in common, most frequent first; each value can be asked for, or left out. */
export function Facets({ data, question }: { data: FacetsView | undefined; question: AuditQueryState }) {
  return (
    <aside aria-label="Facets" className="overflow-auto border-r border-line py-2 pl-2 text-12 narrow:hidden">
      {FIELDS.map((field) => {
        const facet = data?.facets[field];
        if (!facet || facet.values.length === 0) return null;
        const highest = Math.max(1, ...facet.values.map((each) => each.count));
        const hidden = facet.values.slice(SHOWN);
        const other = facet.otherCount + hidden.reduce((sum, each) => sum + each.count, 0);
        return (
          <section key={field} aria-label={TITLES[field]}>
            <h2 className="px-2 py-0.5 font-semibold">{TITLES[field]}</h2>
            <ul className="mb-1.5 pr-2">
              {facet.values.slice(0, SHOWN).map(({ value, count }) => (
                <li
                  key={value}
                  className="group relative flex h-6 items-center gap-1 rounded-[3px] px-2 hover:bg-hover"
                >
                  <i
                    aria-hidden="true"
                    className="absolute inset-y-0.5 left-1 max-w-[calc(100%-8px)] rounded-[2px] bg-bar"
                    style={{ width: `${(count / highest) * 100}%` }}
                  />
                  <span className="relative z-1 min-w-0 flex-1 truncate text-ink-2 group-hover:text-ink" title={value}>
                    {value}
                  </span>
                  <span className="relative z-1 hidden group-focus-within:flex group-hover:flex">
                    <FacetButton
                      label={`Only ${value}`}
                      icon="plus"
                      onClick={() => question.add(termOf(field, value, false))}
                    />
                    <FacetButton
                      label={`Without ${value}`}
                      icon="close"
                      onClick={() => question.add(termOf(field, value, true))}
                    />
                  </span>
                  <button
                    type="button"
                    aria-label={`Only ${value}, ${count} events`}
                    className="relative z-1 min-w-6 text-right text-ink-3 hover:text-ink"
                    onClick={() => question.add(termOf(field, value, false))}
                  >
                    {formatCount(count)}
                  </button>
                </li>
              ))}
              {other > 0 && (
                <li className="flex h-6 items-center px-2 text-ink-3">
                  <span className="flex-1">{hidden.length > 0 ? `${hidden.length} more` : "others"}</span>
                  {formatCount(other)}
                </li>
              )}
            </ul>
          </section>
        );
      })}
    </aside>
  );
}

function termOf(field: (typeof FIELDS)[number], value: string, isExcluded: boolean): string {
  return formatTerm({ field, comparison: "=", value, isExcluded });
}

function FacetButton({ label, icon, onClick }: { label: string; icon: "plus" | "close"; onClick: () => void }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="grid size-6 place-items-center border border-line-2 bg-bg not-first:border-l-0 first:rounded-l-[3px] last:rounded-r-[3px] hover:bg-pressed"
      onClick={onClick}
    >
      <Icon name={icon} className="size-3" />
    </button>
  );
}
