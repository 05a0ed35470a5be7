"use client";

import { Bullet } from "@/components/patterns/bullet";
import { useNow } from "@/components/patterns/clock";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { SystemSummary } from "@/lib/systems/schemas";
import { disruptionOf } from "./system-order";

type ExposedSystem = Pick<SystemSummary, "recoverableTo" | "rpoTargetSeconds" | "state" | "heartbeatAt">;

/** Seconds that a disaster right now would cost, ticking; null where it is not known. */
function useExposureSeconds(system: ExposedSystem): number | null {
  const now = useNow();
  if (!system.recoverableTo) return null;
  const disruptionAt = disruptionOf(system);
  const until = disruptionAt ? Date.parse(disruptionAt) : now;
  return Math.max(0, Math.floor((until - Date.parse(system.recoverableTo)) / 1_000));
}

/** `7s`, in amber and bold beyond the target. */
export function ExposureValue({ system }: { system: ExposedSystem }) {
  const seconds = useExposureSeconds(system);
  if (seconds === null) return <span className="text-ink-3">?</span>;
  const isOver = system.rpoTargetSeconds !== null && seconds > system.rpoTargetSeconds;
  return <span className={isOver ? "font-medium text-warning" : ""}>{formatDuration(seconds * 1_000)}</span>;
}

export function ExposureBullet({ system, className = "" }: { system: ExposedSystem; className?: string }) {
  const seconds = useExposureSeconds(system);
  const target = system.rpoTargetSeconds;
  if (target === null) return null;
  const words = seconds === null ? "unknown" : formatDuration(seconds * 1_000);
  return (
    <Bullet
      className={className}
      actual={seconds}
      target={target}
      label={`exposure ${words}, target ${formatTarget(target)}`}
    />
  );
}
