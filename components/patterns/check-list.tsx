import type { ReactNode } from "react";
import { Glyph, type Tone } from "./status";

export interface Check {
  tone: Tone;
  text: ReactNode;
  /** The number that an auditor can compare. */
  figure?: ReactNode;
}

/** One line a check, each with its figure. */
export function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <ul>
      {checks.map((check, index) => (
        <li key={index} className="flex min-h-[23px] items-baseline gap-2">
          <Glyph tone={check.tone} label={check.tone} className="relative top-px size-3" />
          <span className="min-w-0">{check.text}</span>
          <span className="ml-auto text-12 whitespace-nowrap text-ink-3">{check.figure}</span>
        </li>
      ))}
    </ul>
  );
}
