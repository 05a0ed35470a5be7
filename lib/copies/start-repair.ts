import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { StartedRun } from "@/lib/runs/schemas";
import { createRepositoryRun } from "./create-repository-run";
import { StartRepairInput } from "./schemas";

/**
 * Starts the repair of a repository from the others: what is missing or damaged in it, and what it never got.
 * @throws NotFoundError, PreconditionError while another check or repair of it is under way
 */
export async function startRepair(ctx: Ctx, input: StartRepairInput): Promise<StartedRun> {
  requirePermission(ctx, "repository.repair");
  const { repository } = StartRepairInput.parse(input);
  return ctx.transaction(async (tx) => {
    const run = await createRepositoryRun(tx, ctx, {
      kind: "repair",
      repository,
      title: `Repair repository ${repository}`,
      parameters: {},
    });
    await recordAudit(tx, ctx, {
      action: "repository.repair-started",
      entity: { type: "repository", id: repository },
      metadata: { run: run.id },
    });
    return { runId: run.id };
  });
}
