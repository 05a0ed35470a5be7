import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { StartedRun } from "@/lib/runs/schemas";
import { createRepositoryRun } from "./create-repository-run";
import { StartCheckInput } from "./schemas";

/**
 * Starts a check of everything that the catalogue expects in a repository. The answer comes at once.
 * @throws NotFoundError, PreconditionError while another check or repair of it is under way
 */
export async function startCheck(ctx: Ctx, input: StartCheckInput): Promise<StartedRun> {
  requirePermission(ctx, "repository.check");
  const { repository, read } = StartCheckInput.parse(input);
  return ctx.transaction(async (tx) => {
    const run = await createRepositoryRun(tx, ctx, {
      kind: "check",
      repository,
      title: `Check repository ${repository}`,
      parameters: { read },
    });
    await recordAudit(tx, ctx, {
      action: "repository.check-started",
      entity: { type: "repository", id: repository },
      metadata: { run: run.id, read },
    });
    return { runId: run.id };
  });
}
