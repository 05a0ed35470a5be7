import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import type { StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import type { SystemDeclaration } from "@/lib/settings/schemas";
import { StartVerificationInput } from "./schemas";

/**
 * Starts an attempt to prove a backup: the one that is named, or a system's newest.
 * @throws NotFoundError, PreconditionError when there is no backup that could be proven
 */
export async function startVerification(ctx: Ctx, input: StartVerificationInput): Promise<StartedRun> {
  requirePermission(ctx, "verification.start");
  const request = StartVerificationInput.parse(input);
  const backup = await ctx.db.backup.findFirst({
    where: {
      ...(request.backup ? { id: request.backup } : { system: { name: request.system ?? "" } }),
      type: "full",
      state: { in: ["complete", "incomplete"] },
    },
    orderBy: { startedAt: "desc" },
    include: { system: true },
  });
  if (!backup) {
    if (request.backup) throw new NotFoundError("backup", request.backup);
    throw new PreconditionError(`system "${request.system ?? ""}" has no backup to verify`, {
      hint: "Take a full backup first.",
    });
  }
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[backup.system.name];
  if (!declaration) throw new NotFoundError("system", backup.system.name);
  if (request.level === "application") requireApplication(backup.system.name, declaration);
  return ctx.transaction(async (tx) => {
    const run = await createRun(tx, ctx, {
      kind: "verification",
      title: `Verify ${backup.system.name} by ${request.level}`,
      systemId: backup.systemId,
      backupId: backup.id,
      parameters: { system: backup.system.name, backup: backup.id, level: request.level, from: request.from ?? null },
      place: declaration.runner.label ?? declaration.runner.site,
    });
    await recordAudit(tx, ctx, {
      action: "verification.started",
      entity: { type: "backup", id: backup.id },
      metadata: { run: run.id, level: request.level },
    });
    return { runId: run.id };
  });
}

function requireApplication(system: string, declaration: SystemDeclaration): void {
  if (declaration.kind === "mariadb" && declaration.verify.application?.start) return;
  throw new PreconditionError(`system "${system}" declares no application that could be started`, {
    hint: "Declare `verify.application.start` in holdfast.yaml.",
  });
}
