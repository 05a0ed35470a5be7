"use client";

import { useEffect, useState } from "react";
import { Icon } from "@/components/ui/icon";

/** Copies a text and says so for two seconds. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <button
      type="button"
      aria-label={isCopied ? "Copied" : label}
      title={isCopied ? "Copied" : label}
      className="inline-grid size-6 shrink-0 place-items-center rounded-1 text-ink-3 hover:bg-hover hover:text-ink"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setIsCopied(true),
          () => setIsCopied(false),
        );
      }}
    >
      <Icon name={isCopied ? "check" : "copy"} className="size-3.5" />
    </button>
  );
}

/** An id or hash, cut in the middle; a click copies the whole. */
export function Hash({
  value,
  label = "Copy id",
  head = 8,
  tail = 4,
}: {
  value: string;
  label?: string;
  head?: number;
  tail?: number;
}) {
  const short = value.length > head + tail + 1 ? `${value.slice(0, head)}…${value.slice(-tail)}` : value;
  return (
    <span className="inline-flex items-center gap-0.5 whitespace-nowrap">
      <code className="mono" title={value}>
        {short}
      </code>
      <CopyButton text={value} label={label} />
    </span>
  );
}
