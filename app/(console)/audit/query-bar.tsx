"use client";

import { useState } from "react";
import { withQuery } from "@/app/_client/api";
import { FilterChip } from "@/components/patterns/chip";
import { Button, buttonStyles } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { MenuItem, MenuPopup, MenuRoot, MenuTrigger } from "@/components/ui/menu";
import { formatCount } from "@/lib/kernel/format";
import { formatTerm, type FacetsView } from "@/lib/audit/schemas";
import { RangeButton } from "./range-button";
import type { AuditQueryState } from "./use-audit-query";

interface QueryBarProps {
  question: AuditQueryState;
  total: FacetsView | null;
  mayExport: boolean;
}

/** The question as chips and a field for the next term; range and export beside it. */
export function QueryBar({ question, total, mayExport }: QueryBarProps) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const add = () => {
    if (!typed.trim()) return;
    const why = question.add(typed);
    setProblem(why);
    if (why === null) setTyped("");
  };
  const shown = problem ?? question.problem;
  return (
    <div className="px-4 py-2 phone:px-3">
      <div className="flex gap-2 phone:flex-wrap">
        <div
          role="search"
          className="flex min-h-8 min-w-0 flex-1 flex-wrap items-center gap-1.5 rounded-1 border border-field px-2 py-1 focus-within:outline-2 focus-within:outline-running phone:flex-[1_0_100%]"
        >
          <Icon name="search" className="size-3.5 text-ink-3" />
          {question.parsed.terms.map((term) => {
            const text = formatTerm(term);
            const [name = "", ...value] = text.split(":");
            return (
              <FilterChip
                key={text}
                name={name}
                value={value.join(":")}
                isExcluded={term.isExcluded}
                onRemove={() => question.remove(term)}
              />
            );
          })}
          <input
            data-search=""
            aria-label="Add a filter"
            aria-invalid={shown !== null}
            aria-describedby="query-problem"
            placeholder="action: severity: actor: entity: ip: correlation:"
            className="h-6 min-w-40 flex-1 bg-transparent outline-none phone:text-16"
            spellCheck={false}
            autoComplete="off"
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
              setProblem(null);
            }}
            onBlur={add}
            onKeyDown={(event) => {
              if (event.key === "Enter") add();
              if (event.key === "Escape") event.currentTarget.blur();
              const last = question.parsed.terms.at(-1);
              if (event.key === "Backspace" && typed === "" && last) question.remove(last);
            }}
          />
          <kbd className="rounded-[3px] border border-line bg-bg px-1 text-11 text-ink-3 phone:hidden">/</kbd>
        </div>
        <RangeButton question={question} />
        {mayExport && <ExportButton text={question.text} total={total} />}
      </div>
      {shown && (
        <p id="query-problem" role="alert" className="mt-1 text-12 font-medium text-failed">
          {shown}
        </p>
      )}
    </div>
  );
}

const FORMATS = [
  { format: "csv", label: "CSV, safe to open in a spreadsheet" },
  { format: "ndjson", label: "NDJSON, one event a line" },
  { format: "json", label: "JSON" },
] as const;

function ExportButton({ text, total }: { text: string; total: FacetsView | null }) {
  const count = total ? `${formatCount(total.total)}${total.isCapped ? "+" : ""}` : "";
  const href = (format: string) => withQuery("/api/v1/audit/export", { format, query: text });
  return (
    <span className="inline-flex phone:flex-1">
      <a
        href={href("csv")}
        download
        className={buttonStyles({ look: "primary", size: "tall", className: "rounded-r-none phone:flex-1" })}
      >
        <Icon name="download" className="size-3.5" />
        Export {count} as CSV
      </a>
      <MenuRoot>
        <MenuTrigger
          label="Other formats"
          render={
            <Button look="primary" size="tall" className="rounded-l-none border-l-on-ink/30 px-1.5!">
              <Icon name="down" className="size-3.5" />
            </Button>
          }
        />
        <MenuPopup>
          {FORMATS.map(({ format, label }) => (
            <MenuItem key={format} onClick={() => window.location.assign(href(format))}>
              {label}
            </MenuItem>
          ))}
        </MenuPopup>
      </MenuRoot>
    </span>
  );
}
