"use client";

import { Ages } from "@/components/patterns/ages";
import { Empty } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import { Icon } from "@/components/ui/icon";
import type { SystemSummary } from "@/lib/systems/schemas";
import { byDanger } from "../../systems/system-order";

interface SystemStepProps {
  systems: readonly SystemSummary[];
  onChoose: (system: SystemSummary) => void;
}

/** What is to be brought back; what is in most danger first. */
export function SystemStep({ systems, onChoose }: SystemStepProps) {
  const backedUp = byDanger(systems.filter((system) => system.kind !== "service"));
  if (backedUp.length === 0) {
    return (
      <Empty title="Nothing can be restored">
        <p>No declared system is backed up. Declare one in holdfast.yaml and take its first full backup.</p>
      </Empty>
    );
  }
  return (
    <ul className="border-y border-line">
      {backedUp.map((system) => (
        <li key={system.name} className="not-first:border-t not-first:border-line">
          <button
            type="button"
            onClick={() => onChoose(system)}
            className="grid w-full grid-cols-[200px_130px_1fr_auto] items-center gap-3 px-4 py-2 text-left hover:bg-hover phone:grid-cols-[1fr_auto] phone:gap-y-0 phone:px-3"
          >
            <span className="font-medium">{system.title}</span>
            <span className="inline-flex items-center gap-1.5">
              <Glyph tone={system.state} />
              {system.stateWord}
            </span>
            <span className="text-ink-3 phone:col-span-2 phone:text-12">
              {system.recoverableTo ? (
                <>
                  recoverable to <Instant at={system.recoverableTo} form="day-time" className="text-ink" /> from every
                  repository
                </>
              ) : (
                "not every repository can bring it back"
              )}
              <Ages system={system} />
            </span>
            <Icon name="right" className="size-3.5 text-ink-3 phone:hidden" />
          </button>
        </li>
      ))}
    </ul>
  );
}
