import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import { OPEN_RUN_STATES, type StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { StartBackupInput } from "./schemas";

/**
 * Starts a full backup of a system, to every repository of its declaration. The answer comes at once; the runner does it.
 * @throws NotFoundError, PreconditionError when the system is not backed up or one is under way
 */
export async function startBackup(ctx: Ctx, input: StartBackupInput): Promise<StartedRun> {
  requirePermission(ctx, "backup.start");
  const { system: name, reason } = StartBackupInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[name];
  if (!declaration) throw new NotFoundError("system", name);
  if (declaration.kind !== "mariadb" || !declaration.backup.full) {
    throw new PreconditionError(`system "${name}" declares no full backup`, {
      hint: "Declare `backup.full` in holdfast.yaml and apply it.",
    });
  }
  const place = declaration.runner.label ?? declaration.runner.site;
  return ctx.transaction(async (tx) => {
    const system = await tx.system.findUniqueOrThrow({ where: { name } });
    // Two backups of one system at once only slow each other: the row lock makes the check exact.
    await tx.$queryRaw`SELECT 1 FROM systems WHERE id = ${system.id}::uuid FOR UPDATE`;
    const open = await tx.run.findFirst({
      where: { systemId: system.id, kind: "backup", state: { in: [...OPEN_RUN_STATES] } },
    });
    if (open) {
      throw new PreconditionError(`a backup of "${name}" is already under way`, { hint: `It is run ${open.id}.` });
    }
    const run = await createRun(tx, ctx, {
      kind: "backup",
      title: `Full backup of ${declaration.title ?? name}`,
      systemId: system.id,
      parameters: { system: name, type: "full" },
      reason,
      place,
    });
    await recordAudit(tx, ctx, {
      action: "backup.requested",
      entity: { type: "system", id: name },
      metadata: { run: run.id, type: "full", ...(reason ? { reason } : {}) },
    });
    return { runId: run.id };
  });
}
