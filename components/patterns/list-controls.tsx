"use client";

import type { ReactNode } from "react";
import { formatCountOf } from "@/lib/kernel/format";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { Empty } from "./states";

interface FilterProps<V extends string> {
  name: string;
  /** null: all. */
  value: V | null;
  options: readonly V[];
  onChange: (value: V | null) => void;
  /** How an option reads, where its own word does not do. */
  word?: (value: V) => string;
}

const ALL = "all";

/** One filter of a list: "all kinds" or one of them. */
export function Filter<V extends string>({
  name,
  value,
  options,
  onChange,
  word = (option) => option,
}: FilterProps<V>) {
  return (
    <Select<string>
      label={name}
      size="small"
      value={value ?? ALL}
      options={[
        { value: ALL, label: `all ${name}` },
        ...options.map((option) => ({ value: option, label: word(option) })),
      ]}
      onChange={(next) => onChange(options.find((option) => option === next) ?? null)}
    />
  );
}

interface FilterRowProps {
  children: ReactNode;
  isFiltered: boolean;
  onClear: () => void;
}

export function FilterRow({ children, isFiltered, onClear }: FilterRowProps) {
  return (
    <div className="-mt-px flex flex-wrap items-center gap-1 border-t border-line px-4 py-2 phone:px-3">
      {children}
      {isFiltered && (
        <Button look="quiet" size="small" onClick={onClear}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

interface PageOf<R> {
  rows: readonly R[];
  nextCursor: string | null;
}

interface PagedListProps<R> {
  noun: string;
  page: PageOf<R>;
  cursor: string | null;
  onCursor: (cursor: string | null) => void;
  isFiltered: boolean;
  onClear: () => void;
  /** What the list says when nothing exists at all. */
  empty: ReactNode;
  children: (rows: readonly R[]) => ReactNode;
}

/** A list by pages of a key: the newest, then older ones; a page does not shift while new rows arrive. */
export function PagedList<R>({
  noun,
  page,
  cursor,
  onCursor,
  isFiltered,
  onClear,
  empty,
  children,
}: PagedListProps<R>) {
  const { rows, nextCursor } = page;
  if (rows.length === 0) return isFiltered ? <NoMatch noun={noun} onClear={onClear} /> : empty;
  const place = cursor !== null ? ", older ones" : nextCursor ? ", the newest" : "";
  return (
    <>
      {children(rows)}
      <div className="flex h-[34px] items-center gap-2 border-t border-line px-4 text-12 text-ink-3 phone:h-12 phone:px-3">
        <span>
          {formatCountOf(rows.length, noun)}
          {place}
        </span>
        <span className="ml-auto flex gap-1">
          {cursor !== null && (
            <Button size="small" onClick={() => onCursor(null)}>
              Newest
            </Button>
          )}
          {nextCursor && (
            <Button size="small" onClick={() => onCursor(nextCursor)}>
              Older
            </Button>
          )}
        </span>
      </div>
    </>
  );
}

/** Empty by its filters: another text than empty by nature. */
export function NoMatch({ noun, onClear }: { noun: string; onClear: () => void }) {
  return (
    <Empty title={`No ${noun}s match`}>
      <p>
        None has these filters.{" "}
        <button type="button" className="link" onClick={onClear}>
          Clear filters
        </button>
      </p>
    </Empty>
  );
}
