import { LINKS } from "@/lib/backups";
import { recordAudit } from "@/lib/audit";
import type { VerificationLevel } from "@/lib/backups/schemas";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import type { StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { type SystemDeclaration, hasLog, isDatabase } from "@/lib/settings/schemas";
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
      ...LINKS,
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
  requireLevel(backup.system.name, declaration, request.level);
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

/** @throws PreconditionError for a level that nothing of the system can reach */
function requireLevel(system: string, declaration: SystemDeclaration, level: VerificationLevel): void {
  if (level === "application" && !(isDatabase(declaration) && declaration.verify.application?.start)) {
    throw new PreconditionError(`system "${system}" declares no application that could be started`, {
      hint: "Declare `verify.application.start` in holdfast.yaml.",
    });
  }
  if (level === "replay" && !isDatabase(declaration) && !hasLog(declaration)) {
    throw new PreconditionError(`system "${system}" has no log that could be replayed`, {
      hint: "Verify it at level restore, or declare `backup.log`.",
    });
  }
}
