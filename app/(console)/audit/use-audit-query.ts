"use client";

import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { formatAuditQuery, formatTerm, parseAuditQuery, type AuditQuery, type QueryTerm } from "@/lib/audit/schemas";
import { auditSearch } from "./search-params";

const EMPTY: AuditQuery = { terms: [], from: null, to: null };

function tryParse(text: string): { parsed: AuditQuery; problem: string | null } {
  try {
    return { parsed: parseAuditQuery(text), problem: null };
  } catch (error) {
    return {
      parsed: EMPTY,
      problem: error instanceof Error ? error.message.replace(/^query: /, "") : "it cannot be read",
    };
  }
}

/** The question in the URL, as text and as terms, and ways to change it. Every change is a link one can send. */
export function useAuditQuery() {
  const [{ query, event }, setSearch] = useQueryStates(auditSearch, { history: "push" });
  const { parsed, problem } = useMemo(() => tryParse(query), [query]);
  const set = (next: AuditQuery) => void setSearch({ query: formatAuditQuery(next) || null, event: null });
  return {
    text: query,
    parsed,
    problem,
    openEvent: event,
    open: (id: string | null) => void setSearch({ event: id }, { history: "replace" }),
    clear: () => void setSearch({ query: null, event: null }),
    remove: (term: QueryTerm) =>
      set({ ...parsed, terms: parsed.terms.filter((other) => formatTerm(other) !== formatTerm(term)) }),
    setRange: (from: string | null, to: string | null) => set({ ...parsed, from, to }),
    /** Adds what was typed. @returns why it cannot be read, or null */
    add: (typed: string): string | null => {
      const { parsed: next, problem: why } = tryParse(`${query} ${typed}`.trim());
      if (why === null) set(next);
      return why;
    },
  };
}

export type AuditQueryState = ReturnType<typeof useAuditQuery>;
