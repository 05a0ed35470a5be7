"use client";

import { useMemo, useState } from "react";
import type { ViewedLine } from "./log-row";

/** Finds lines. `step(1)` goes to the next hit; without a text, to the next warning or error. */
export function useLogSearch(lines: readonly ViewedLine[], goTo: (index: number) => void) {
  const [text, setTextState] = useState("");
  const [at, setAt] = useState<number | null>(null);
  const needle = text.trim().toLowerCase();
  const hits = useMemo(
    () =>
      lines.flatMap((line, index) => {
        const isHit = needle ? line.message.toLowerCase().includes(needle) : line.level !== "info";
        return isHit ? [index] : [];
      }),
    [lines, needle],
  );
  const step = (by: 1 | -1) => {
    if (hits.length === 0) return;
    const from = at ?? (by === 1 ? -1 : lines.length);
    const next =
      by === 1
        ? (hits.find((index) => index > from) ?? hits[0])
        : (hits.findLast((index) => index < from) ?? hits.at(-1));
    if (next === undefined) return;
    setAt(next);
    goTo(next);
  };
  return {
    text,
    needle,
    at,
    total: hits.length,
    /** Place of the current hit, from 1; 0 before the first step. */
    position: at === null ? 0 : hits.indexOf(at) + 1,
    step,
    setText: (next: string) => {
      setTextState(next);
      setAt(null);
    },
  };
}
