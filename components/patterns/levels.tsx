import type { ReactNode } from "react";

const LEVELS = ["object", "restore", "replay", "application"] as const;
type Level = (typeof LEVELS)[number];

interface VerificationProps {
  /** The highest level that passed; null: none yet. */
  level: Level | null;
  /** Its age, or what comes next. */
  note?: ReactNode;
}

/** Four pips, filled to the level that was proven, then its word. */
export function Verification({ level, note }: VerificationProps) {
  const filled = level ? LEVELS.indexOf(level) + 1 : 0;
  return (
    <span className="inline-flex items-center gap-[7px] align-top whitespace-nowrap">
      <span aria-hidden="true" className="inline-flex gap-0.5">
        {LEVELS.map((name, index) => (
          <span
            key={name}
            className={`h-2.5 w-[5px] border ${index < filled ? "border-ink-2 bg-ink-2" : "border-line-2"}`}
          />
        ))}
      </span>
      <span>
        {level ?? <span className="text-ink-3">not verified</span>} {note && <span className="text-ink-3">{note}</span>}
      </span>
    </span>
  );
}
