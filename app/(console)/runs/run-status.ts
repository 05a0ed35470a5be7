import type { Tone } from "@/components/patterns/status";
import type { RunState, RunSummary } from "@/lib/runs/schemas";

export const RUN_TONE: Record<RunState, Tone> = {
  queued: "idle",
  running: "running",
  waiting: "warning",
  succeeded: "ok",
  failed: "failed",
  aborted: "idle",
};

export const RUN_WORD: Record<RunState, string> = {
  queued: "Queued",
  running: "Running",
  waiting: "Waiting for a decision",
  succeeded: "Succeeded",
  failed: "Failed",
  aborted: "Aborted",
};

/** The disruption that counts: what a person stated, else what the heartbeat gave. Only a recovery has one. */
export function disruptionOfRun(run: Pick<RunSummary, "kind" | "disruptionAt" | "statedDisruptionAt">): string | null {
  return run.kind === "runbook" ? (run.statedDisruptionAt ?? run.disruptionAt) : null;
}

/** Whole seconds since the disruption, in milliseconds; null for what is no recovery. */
export function soFarMs(
  run: Pick<RunSummary, "kind" | "disruptionAt" | "statedDisruptionAt">,
  nowMs: number,
): number | null {
  const disruptionAt = disruptionOfRun(run);
  return disruptionAt ? Math.max(0, Math.floor((nowMs - Date.parse(disruptionAt)) / 1_000) * 1_000) : null;
}
