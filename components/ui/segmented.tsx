"use client";

import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";

interface SegmentedProps<V extends string> {
  label: string;
  value: V;
  options: readonly { value: V; label: string; title?: string }[];
  onChange: (value: V) => void;
  className?: string;
}

/** A switch between a few ways to see the same thing. */
export function Segmented<V extends string>({ label, value, options, onChange, className = "" }: SegmentedProps<V>) {
  return (
    <ToggleGroup
      aria-label={label}
      value={[value]}
      onValueChange={(next) => {
        const chosen = options.find((option) => option.value === next.at(0));
        if (chosen) onChange(chosen.value);
      }}
      className={`inline-flex h-6 rounded-1 border border-line-2 phone:h-9 ${className}`}
    >
      {options.map((option) => (
        <Toggle
          key={option.value}
          value={option.value}
          title={option.title}
          className="px-2 text-12 text-ink-2 not-first:border-l not-first:border-line first:rounded-l-[3px] last:rounded-r-[3px] hover:bg-hover data-pressed:bg-pressed data-pressed:font-medium data-pressed:text-ink"
        >
          {option.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
