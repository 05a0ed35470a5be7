import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { ConflictError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import { OPEN_RUN_STATES, type StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { declaredBackups } from "@/lib/settings/schemas";
import { StartCutInput } from "./schemas";

const CUT_LOCK = "holdfast.cut";

/**
 * Starts a full backup of every system that declares one, under one id: that of the run which takes it.
 * @throws PreconditionError when nothing is backed up, or a cut is under way; ConflictError when the time's cut was taken
 */
export async function startCut(ctx: Ctx, input: StartCutInput = {}): Promise<StartedRun> {
  requirePermission(ctx, "backup.start");
  const { reason, dueAt } = StartCutInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  const members = Object.entries(configuration.systems).filter(([, declaration]) =>
    declaredBackups(declaration).some(({ type }) => type === "full"),
  );
  const [first] = members;
  if (!first) {
    throw new PreconditionError("no system declares a full backup", {
      hint: "Declare `backup.full` in holdfast.yaml.",
    });
  }
  const systems = members.map(([name]) => name);
  return ctx.transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${CUT_LOCK}))`;
    const taken =
      dueAt && (await tx.run.findFirst({ where: { kind: "cut", parameters: { path: ["dueAt"], equals: dueAt } } }));
    if (taken) throw new ConflictError(`the cut of ${dueAt} was taken by run ${taken.id}`);
    const open = await tx.run.findFirst({ where: { kind: "cut", state: { in: [...OPEN_RUN_STATES] } } });
    if (open) throw new PreconditionError("a cut is already under way", { hint: `It is run ${open.id}.` });
    const run = await createRun(tx, ctx, {
      kind: "cut",
      title: `Cut of ${systems.length} systems`,
      parameters: { systems, ...(dueAt ? { dueAt } : {}) },
      reason,
      place: first[1].runner.site,
    });
    await recordAudit(tx, ctx, {
      action: "cut.requested",
      entity: { type: "cut", id: run.id },
      metadata: { systems, ...(reason ? { reason } : {}) },
    });
    return { runId: run.id };
  });
}
