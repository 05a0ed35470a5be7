import type { ClaimedRun } from "@/lib/runs";

/** The cut that a run's backup belongs to; null for a backup by itself. */
export function cutOf(run: Pick<ClaimedRun, "parameters">): string | null {
  const { cut } = run.parameters;
  return typeof cut === "string" ? cut : null;
}
