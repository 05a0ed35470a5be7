import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import type { StartedRun } from "@/lib/runs/schemas";

/** Where it is carried out: it needs no system, so the site that every installation has. */
const PLACE = "primary";

/** Starts the verifier's own test: backups that are broken by intent, and what each level says of them. */
export async function startSelfTest(ctx: Ctx): Promise<StartedRun> {
  requirePermission(ctx, "verification.start");
  return ctx.transaction((tx) => createSelfTest(tx, ctx, { dueAt: null }));
}

/** The test and its run, in the caller's transaction. Throws where the due time is another runner's already. */
export async function createSelfTest(tx: Tx, ctx: Ctx, { dueAt }: { dueAt: Date | null }): Promise<StartedRun> {
  const run = await createRun(tx, ctx, {
    kind: "verification",
    title: "Self-test of the verifier",
    parameters: { selfTest: true },
    ...(dueAt ? { reason: `scheduled for ${dueAt.toISOString()}` } : {}),
    place: PLACE,
  });
  await tx.verifierTest.create({
    data: { id: newId(), dueAt, runId: run.id, state: "running", startedAt: ctx.now() },
  });
  await recordAudit(tx, ctx, {
    action: "verifier.test-started",
    entity: { type: "run", id: run.id },
    metadata: { dueAt: dueAt?.toISOString() ?? null },
  });
  return { runId: run.id };
}
