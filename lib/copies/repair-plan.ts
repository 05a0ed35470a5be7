import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import { requirePermission } from "@/lib/kernel/permissions";
import { openRepository } from "@/lib/repositories";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { type Repair, isLockDeclared, requireTarget } from "./repair";
import { repairBackups } from "./repair-backups";
import { repairLogs } from "./repair-logs";

/** The steps of a repair. All may be repeated: what was mended is not wanted any more. */
export async function planRepair(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<Repair>> {
  const { repository } = run.parameters as { repository: string };
  const { configuration } = await loadConfiguration(ctx);
  const step = { repeatable: true, ephemeral: true, owner: "repositories" };
  return {
    shared: { run, repository, configuration, sources: new Map(), mended: 0, copiedBytes: 0, failures: [] },
    steps: [
      { ...step, key: "open", title: "Open the repository and compare its identity", perform: open },
      { ...step, key: "backups", title: "Copy backups that are missing or damaged", perform: repairBackups },
      { ...step, key: "logs", title: "Copy logs that are missing or damaged", perform: repairLogs },
      { ...step, key: "record", title: "Record what was mended", perform: record },
    ],
    result: ({ mended, copiedBytes }) => ({ repository, mended, copiedBytes }),
  };
}

async function open(ctx: StepCtx, repair: Repair): Promise<StepOutcome> {
  const opened = await openRepository(ctx, repair.repository);
  repair.target = {
    ...opened,
    runId: repair.run.id,
    signal: ctx.signal,
    isLocked: isLockDeclared(repair.configuration, repair.repository),
  };
  return { summary: `${opened.store.location}, identity ${opened.identity.id}` };
}

/** @throws PreconditionError when something could not be mended: the repair is not done */
async function record(ctx: StepCtx, repair: Repair): Promise<StepOutcome> {
  requirePermission(ctx, "job.perform");
  const { mended, copiedBytes, failures } = repair;
  await ctx.transaction((tx) =>
    recordAudit(tx, ctx, {
      action: "repository.repaired",
      entity: { type: "repository", id: requireTarget(repair).name },
      metadata: { run: repair.run.id, mended, copiedBytes, failed: failures.length },
    }),
  );
  const [first] = failures;
  if (first) {
    throw new PreconditionError(
      `${formatCountOf(failures.length, "copy").replace("copys", "copies")} could not be mended, first ${first.name}: ${first.message}`,
      { hint: "The run's log names each; a new full brings the system back to two good copies." },
    );
  }
  return { summary: `${mended} mended, ${formatBytes(copiedBytes)} copied` };
}
