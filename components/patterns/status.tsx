import type { ReactNode } from "react";

/** The six states. Shape, word and colour say the same thing, so that none has to be seen alone. */
export type Tone = "ok" | "running" | "warning" | "failed" | "idle" | "unknown";

const COLOUR: Record<Tone, string> = {
  ok: "text-ok",
  running: "text-running",
  warning: "text-warning",
  failed: "text-failed",
  idle: "text-idle",
  unknown: "text-idle",
};

const SHAPE: Record<Tone, ReactNode> = {
  ok: (
    <>
      <circle cx="6" cy="6" r="6" fill="currentColor" />
      <path d="M3.3 6.2 5.2 8.1 8.8 4.2" fill="none" stroke="var(--bg)" strokeWidth="1.6" />
    </>
  ),
  running: (
    <>
      <circle cx="6" cy="6" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 2.5a3.5 3.5 0 0 1 0 7z" fill="currentColor" />
    </>
  ),
  warning: (
    <>
      <path d="M6 .9 11.7 11.2H.3z" fill="currentColor" stroke="currentColor" strokeWidth=".6" strokeLinejoin="round" />
      <path d="M6 4.4v3.2M6 8.7v1.2" stroke="var(--bg)" strokeWidth="1.3" fill="none" />
    </>
  ),
  failed: (
    <>
      <rect x=".5" y=".5" width="11" height="11" rx="1.5" fill="currentColor" />
      <path d="M3.6 3.6l4.8 4.8M8.4 3.6 3.6 8.4" stroke="var(--bg)" strokeWidth="1.5" fill="none" />
    </>
  ),
  idle: (
    <>
      <circle cx="6" cy="6" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M3.6 6h4.8" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
  unknown: (
    <>
      <path
        d="M.8 4.6 4.6.8M.8 8.4 8.4.8M1.4 11.6 11.4 1.6M3.6 11.2l7.6-7.6M7.4 11.2l3.8-3.8"
        stroke="currentColor"
        strokeWidth=".9"
        opacity=".55"
      />
      <rect
        x=".5"
        y=".5"
        width="11"
        height="11"
        rx="5.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1"
        strokeDasharray="2 1.4"
      />
      <circle cx="6" cy="6" r="3.6" fill="var(--bg)" />
      <path
        d="M4.7 5a1.3 1.3 0 1 1 1.9 1.2c-.4.2-.6.4-.6.9M6 8.3v.9"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.1"
      />
    </>
  ),
};

interface GlyphProps {
  tone: Tone;
  /** What it means, when no word stands beside it. */
  label?: string;
  className?: string;
}

/** The shape alone. Without a label it is decoration of the word beside it. */
export function Glyph({ tone, label, className = "size-3" }: GlyphProps) {
  return (
    <svg
      viewBox="0 0 12 12"
      className={`shrink-0 ${COLOUR[tone]} ${className}`}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      {SHAPE[tone]}
    </svg>
  );
}

interface StatusProps {
  tone: Tone;
  children: ReactNode;
  /** The words stay ink: for places where the surface is not the page's own. */
  isInk?: boolean;
  className?: string;
}

/** A state: its shape, then its specific word ("Over RPO", "Stopped by run"). */
export function Status({ tone, children, isInk = false, className = "" }: StatusProps) {
  const isQuiet = tone === "idle" || tone === "unknown";
  const ink = isInk ? "text-ink" : isQuiet ? "text-ink-2" : COLOUR[tone];
  return (
    <span
      className={`inline-flex items-center gap-1.5 align-top whitespace-nowrap ${isQuiet ? "" : "font-medium"} ${ink} ${className}`}
    >
      <Glyph tone={tone} />
      {children}
    </span>
  );
}
