import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import type { StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { checkTarget } from "./check-target";
import { parsePoint } from "./point";
import { StartRestoreInput } from "./schemas";

/**
 * Starts a restore of a system to a point, into a throw-away server, a directory or a declared target.
 * @throws ValidationError for a point that cannot be read, NotFoundError, RefusedError for a target that is not allowed
 */
export async function startRestore(ctx: Ctx, input: StartRestoreInput): Promise<StartedRun> {
  requirePermission(ctx, "restore.start");
  const { system: name, to, at, from, reason } = StartRestoreInput.parse(input);
  parsePoint(at);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[name];
  if (!declaration) throw new NotFoundError("system", name);
  if (declaration.kind === "service") {
    throw new PreconditionError(`system "${name}" is not backed up, by decision`, { hint: declaration.reason });
  }
  if (from && !configuration.repositories[from]) throw new NotFoundError("repository", from);
  checkTarget(configuration, name, to);
  const place = declaration.runner.label ?? declaration.runner.site;
  return ctx.transaction(async (tx) => {
    const { id: systemId } = await tx.system.findUniqueOrThrow({ where: { name } });
    const run = await createRun(tx, ctx, {
      kind: "restore",
      title: `Restore ${declaration.title ?? name} to ${to}`,
      systemId,
      parameters: { system: name, to, at, ...(from ? { from } : {}) },
      reason,
      place,
    });
    await recordAudit(tx, ctx, {
      action: "restore.started",
      entity: { type: "system", id: name },
      metadata: { run: run.id, to, at, from: from ?? null, ...(reason ? { reason } : {}) },
    });
    return { runId: run.id };
  });
}
