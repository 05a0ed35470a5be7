"use client";

import type { ReactNode } from "react";
import { Icon } from "@/components/ui/icon";

/** A mode in solid ink: "Live run", "Drill". */
export function ModeChip({ children }: { children: ReactNode }) {
  return (
    <span className="inline-flex h-5 items-center rounded-1 border border-ink bg-ink px-1.5 text-12 font-medium whitespace-nowrap text-on-ink">
      {children}
    </span>
  );
}

interface FilterChipProps {
  name: string;
  value: string;
  isExcluded?: boolean;
  onRemove: () => void;
}

/** A filter that holds: `key:value` and a way to drop it. */
export function FilterChip({ name, value, isExcluded = false, onRemove }: FilterChipProps) {
  const look = isExcluded ? "border-dashed" : "bg-hover";
  return (
    <span
      className={`inline-flex h-[22px] max-w-64 items-center rounded-1 border border-line-2 pl-1.5 text-12 font-medium whitespace-nowrap ${look}`}
    >
      <span className="font-normal text-ink-3">{name}:</span>
      <span className="truncate">{value}</span>
      <button
        type="button"
        aria-label={`Remove ${name} ${value}`}
        className="ml-0.5 grid size-6 shrink-0 place-items-center text-ink-3 hover:text-ink"
        onClick={onRemove}
      >
        <Icon name="close" className="size-3" />
      </button>
    </span>
  );
}
