"use client";

import { Fragment } from "react";
import { Icon } from "@/components/ui/icon";
import { useZone } from "./clock";
import { formatInstant } from "./instant";
import { Glyph } from "./status";

export interface ViewedLine {
  id: number;
  at: string;
  level: "info" | "warning" | "error";
  step: string | null;
  message: string;
}

interface LogRowProps {
  line: ViewedLine;
  index: number;
  offset: number;
  measure: (element: HTMLElement | null) => void;
  isWrapped: boolean;
  isMarked: boolean;
  isNewest: boolean;
  /** Lower-case text to mark in the message. */
  needle: string;
}

const TINT = { info: "", warning: "bg-warning-tint", error: "bg-failed-tint" };

/** Time, level, step, message; a link to the line under the pointer. */
export function LogRow({ line, index, offset, measure, isWrapped, isMarked, isNewest, needle }: LogRowProps) {
  const { zone } = useZone();
  const ground = isMarked
    ? "bg-pressed shadow-[inset_2px_0_0_var(--ink)]"
    : TINT[line.level] || (isNewest ? "bg-pressed" : "");
  return (
    <li
      ref={measure}
      data-index={index}
      className={`group absolute top-0 left-0 grid grid-cols-[60px_13px_62px_minmax(0,1fr)] gap-x-1 px-3 font-mono text-[11.5px] leading-5 [font-variant-ligatures:none] ${isWrapped ? "w-full" : "w-max min-w-full"} ${ground}`}
      style={{ transform: `translateY(${offset}px)` }}
    >
      <time dateTime={line.at} className="text-ink-3">
        {formatInstant(Date.parse(line.at), "time", zone)}
      </time>
      <span className="pt-[5px]">
        {line.level !== "info" && (
          <Glyph tone={line.level === "error" ? "failed" : "warning"} label={line.level} className="size-2.5" />
        )}
      </span>
      <span className="truncate text-ink-2" title={line.step ?? undefined}>
        {line.step}
      </span>
      <span className={isWrapped ? "min-w-0 wrap-anywhere" : "whitespace-pre"}>
        <Marked text={line.message} needle={needle} />
      </span>
      <a
        href={`#L${line.id}`}
        aria-label="Link to this line"
        title="Link to this line"
        className="absolute -top-0.5 right-1 hidden size-6 place-items-center rounded-1 bg-pressed text-ink-2 group-hover:grid hover:text-ink"
      >
        <Icon name="link" className="size-3.5" />
      </a>
    </li>
  );
}

function Marked({ text, needle }: { text: string; needle: string }) {
  if (!needle) return text;
  const parts: string[] = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(needle); at !== -1; at = lower.indexOf(needle, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + needle.length));
    from = at + needle.length;
  }
  parts.push(text.slice(from));
  return parts.map((part, index) =>
    index % 2 === 1 ? (
      <mark key={index} className="bg-added text-ink">
        {part}
      </mark>
    ) : (
      <Fragment key={index}>{part}</Fragment>
    ),
  );
}
