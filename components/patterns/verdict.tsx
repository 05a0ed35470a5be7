import type { ReactNode } from "react";
import { Glyph, type Tone } from "./status";

/** The row of questions that a page answers before anything else. */
export function VerdictRow({ children }: { children: ReactNode }) {
  return (
    <section
      aria-label="Verdict"
      className="grid grid-cols-[minmax(0,276fr)_minmax(0,250fr)_minmax(0,242fr)_minmax(0,336fr)] border-b border-line phone:grid-cols-1 [&>*]:border-line phone:[&>*]:border-t [&>*+*]:border-l phone:[&>*+*]:border-l-0"
    >
      {children}
    </section>
  );
}

interface VerdictProps {
  question: string;
  tone?: Tone;
  answer: ReactNode;
  /** One line of evidence; without it the answer brings its own. */
  evidence?: ReactNode;
  /** The one primary act of the view, in one cell only. */
  act?: ReactNode;
  /** On a phone this cell comes first. */
  isFirstOnPhone?: boolean;
}

/** A question, its answer with its shape, one line of evidence. */
export function Verdict({ question, tone, answer, evidence, act, isFirstOnPhone = false }: VerdictProps) {
  return (
    <div
      className={`relative min-w-0 px-4 py-2.5 phone:px-3 rail:px-3 ${isFirstOnPhone ? "phone:order-first phone:border-t-0!" : ""}`}
    >
      <h2 className="text-12 text-ink-3">{question}</h2>
      <div
        className={`mt-[3px] flex items-center gap-2 text-16 font-semibold tracking-[-0.01em] rail:text-14 ${act ? "pr-24 rail:pr-0" : ""}`}
      >
        {tone && <Glyph tone={tone} label={tone} className="size-3.5" />}
        <div className="min-w-0 truncate">{answer}</div>
      </div>
      {evidence && (
        <div
          className={`mt-px flex items-center gap-1.5 overflow-hidden text-12 whitespace-nowrap text-ink-2 ${act ? "pr-24 rail:pr-0" : ""}`}
        >
          {evidence}
        </div>
      )}
      {act && <div className="absolute top-1/2 right-4 -translate-y-1/2 rail:hidden">{act}</div>}
    </div>
  );
}

interface FigureProps {
  value: ReactNode;
  /** The target. */
  of: string;
  /** What was measured, and how. */
  label: string;
}

/** One of two figures that share an answer. */
export function Figure({ value, of, label }: FigureProps) {
  return (
    <span>
      {value} <span className="text-13 font-normal tracking-normal text-ink-3">{of}</span>
      <span className="mt-px block text-12 font-normal tracking-normal text-ink-2">{label}</span>
    </span>
  );
}
