import type { Tone } from "@/components/patterns/status";
import type { RunState } from "@/lib/runs/schemas";

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
