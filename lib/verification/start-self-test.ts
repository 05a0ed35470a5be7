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
  return ctx.transaction(async (tx) => {
    const started = await createSelfTest(tx, ctx, null);
    await recordAudit(tx, ctx, { action: "verifier.test-started", entity: { type: "run", id: started.runId } });
    return started;
  });
}

/** Starts the week's test, once over any number of runners: the row's due time is the claim. Null where it is claimed. */
export async function startDueSelfTest(ctx: Ctx, dueAt: Date): Promise<StartedRun | null> {
  requirePermission(ctx, "job.perform");
  return ctx.transaction(async (tx) => {
    // Runners that tick at once: the first holds the lock until its row is there.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('verifier-test'))`;
    if (await tx.verifierTest.findUnique({ where: { dueAt }, select: { id: true } })) return null;
    const started = await createSelfTest(tx, ctx, dueAt);
    await recordAudit(tx, ctx, {
      action: "verifier.test-started",
      entity: { type: "run", id: started.runId },
      metadata: { dueAt: dueAt.toISOString() },
    });
    return started;
  });
}

async function createSelfTest(tx: Tx, ctx: Ctx, dueAt: Date | null): Promise<StartedRun> {
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
  return { runId: run.id };
}
