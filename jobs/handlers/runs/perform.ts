import { planBackup, planCut } from "@/lib/backups";
import { planCheck, planRepair } from "@/lib/copies";
import type { JobCtx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import { planRestore } from "@/lib/recovery";
import { planRetentionRun } from "@/lib/retention";
import { planRunbook } from "@/lib/runbooks";
import { type ClaimedRun, type RunPlan, performRun } from "@/lib/runs";
import { planVerification } from "@/lib/verification";

/** Carries out a run by the plan of its kind. */
export async function performRunJob(ctx: JobCtx, payload: { runId: string }): Promise<void> {
  const run = await ctx.db.run.findUnique({ where: { id: payload.runId }, select: { kind: true } });
  switch (run?.kind) {
    case "backup":
      return performRun(ctx, payload.runId, planBackup);
    case "cut":
      return performRun(ctx, payload.runId, planCut);
    case "restore":
      return performRun(ctx, payload.runId, planRestore);
    case "verification":
      return performRun(ctx, payload.runId, planVerification);
    case "retention":
      return performRun(ctx, payload.runId, (_, claimed) => Promise.resolve(planRetentionRun(claimed)));
    case "runbook":
      return performRun(ctx, payload.runId, planRunbook);
    case "check":
      return performRun(ctx, payload.runId, planCheck);
    case "repair":
      return performRun(ctx, payload.runId, planRepair);
    case undefined:
    default:
      return performRun(ctx, payload.runId, refuseKind);
  }
}

function refuseKind(_: JobCtx, run: ClaimedRun): Promise<RunPlan<object>> {
  return Promise.reject(
    new PreconditionError(`this runner does not know runs of kind "${run.kind}"`, {
      hint: "Is the runner older than the console? Use the same version for both.",
    }),
  );
}
