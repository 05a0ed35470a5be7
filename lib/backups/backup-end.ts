import type { ClaimedRun, RunPlan } from "@/lib/runs";
import { failBackup } from "./end-backup";
import type { ManifestPart } from "./manifest";

/** What a run of a backup knows at its end. */
interface Taken {
  backup?: { id: string };
  state?: "complete" | "incomplete";
  /** Absent where it stores no bytes of its own. */
  parts?: readonly ManifestPart[];
}

/** How every run of a backup ends: one that did not succeed leaves a failed backup, one that did says what it took. */
export function backupEnd<Shared extends Taken>(
  run: ClaimedRun,
  system: string,
): Required<Pick<RunPlan<Shared>, "cleanUp" | "result">> {
  return {
    cleanUp: async (ctx, _, ended) => {
      if (ended.state !== "succeeded") await failBackup(ctx, { id: run.id, system }, ended.error?.message);
    },
    result: ({ backup, state, parts }) => ({
      backupId: backup?.id,
      state,
      ...(parts ? { sizeBytes: parts.reduce((sum, part) => sum + part.sealed.sizeBytes, 0) } : {}),
    }),
  };
}
