"use client";

import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";

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
export function Filter<V extends string>({ name, value, options, onChange, word = (option) => option }: FilterProps<V>) {
  return (
    <Select<string>
      label={name}
      size="small"
      value={value ?? ALL}
      options={[{ value: ALL, label: `all ${name}` }, ...options.map((option) => ({ value: option, label: word(option) }))]}
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
    <div className="flex flex-wrap items-center gap-1 border-t border-line px-4 py-2 phone:px-3">
      {children}
      {isFiltered && (
        <Button look="quiet" size="small" onClick={onClear}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

interface PagerProps {
  /** How many rows this page shows. */
  count: number;
  noun: string;
  isFirst: boolean;
  hasNext: boolean;
  onFirst: () => void;
  onNext: () => void;
}

/** Pages by key: the newest, then older ones; a page does not shift while new rows arrive. */
export function Pager({ count, noun, isFirst, hasNext, onFirst, onNext }: PagerProps) {
  return (
    <div className="flex h-[34px] items-center gap-2 border-t border-line px-4 text-12 text-ink-3 phone:h-12 phone:px-3">
      <span>
        {count} {noun}
        {isFirst && !hasNext ? "" : isFirst ? ", the newest" : ", older ones"}
      </span>
      <span className="ml-auto flex gap-1">
        {!isFirst && (
          <Button size="small" onClick={onFirst}>
            Newest
          </Button>
        )}
        {hasNext && (
          <Button size="small" onClick={onNext}>
            Older
          </Button>
        )}
      </span>
    </div>
  );
}
