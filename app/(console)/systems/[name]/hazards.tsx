"use client";

import { useState } from "react";
import { Glyph } from "@/components/patterns/status";
import type { SystemDetail } from "@/lib/systems/schemas";

const EFFECT: Record<string, string> = {
  refuse: "no backup is taken",
  omit: "left out",
  lossy: "comes back changed",
  warn: "comes back slower",
};

const SHOWN = 3;

/** What a backup of this system cannot carry, said before anyone needs it. */
export function Hazards({ system }: { system: SystemDetail }) {
  const [isOpen, setIsOpen] = useState(false);
  const { hazards } = system;
  if (hazards.length === 0) return null;
  const shown = isOpen ? hazards : hazards.slice(0, SHOWN);
  return (
    <section aria-label="What a backup cannot carry" className="border-t border-line px-4 py-2 phone:px-3">
      <h2 className="flex items-center gap-2 text-12">
        <span className="font-semibold">What a backup cannot carry</span>
        <span className="text-ink-3">{hazards.length}</span>
        {hazards.length > SHOWN && (
          <button type="button" className="ml-auto text-ink-3 hover:text-ink" onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? "Fewer" : "All"}
          </button>
        )}
      </h2>
      <ul className="mt-1">
        {shown.map((hazard) => (
          <li
            key={`${hazard.id} ${hazard.object}`}
            className="grid grid-cols-[12px_minmax(0,240px)_minmax(0,1fr)] items-baseline gap-x-2 py-0.5 text-12 phone:grid-cols-[12px_1fr]"
          >
            <Glyph
              tone={hazard.effect === "refuse" ? "failed" : "warning"}
              label={hazard.effect}
              className="size-3 self-center"
            />
            <code className="truncate mono" title={hazard.object}>
              {hazard.object}
            </code>
            <span className="text-ink-2 phone:col-start-2">
              {hazard.message} ({EFFECT[hazard.effect] ?? hazard.effect}).{" "}
              <span className="text-ink-3">{hazard.hint}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
