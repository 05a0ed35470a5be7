import { z } from "zod";
import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import { OPEN_RUN_STATES, type StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { type SystemDeclaration, declaredBackups, isDatabase } from "@/lib/settings/schemas";
import { BACKUP_TYPES, type BackupType, StartBackupInput } from "./schemas";

const TITLES: Record<BackupType, string> = {
  full: "Full backup",
  incremental: "Incremental backup",
  log: "Log backup",
};

/**
 * Starts a backup of a system, to every repository of its declaration. The answer comes at once; the runner does it.
 * @throws NotFoundError, PreconditionError when the system declares no such backup, or one is under way beside which it cannot be taken
 */
export async function startBackup(ctx: Ctx, input: StartBackupInput, cut?: string): Promise<StartedRun> {
  requirePermission(ctx, "backup.start");
  const { system: name, type, reason } = StartBackupInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[name];
  if (!declaration) throw new NotFoundError("system", name);
  if (!declaredBackups(declaration).some((declared) => declared.type === type)) {
    throw new PreconditionError(`system "${name}" declares no ${type} backup`, {
      hint: `Declare \`backup.${type}\` in holdfast.yaml and apply it.`,
    });
  }
  const place = declaration.runner.label ?? declaration.runner.site;
  return ctx.transaction(async (tx) => {
    const system = await tx.system.findUniqueOrThrow({ where: { name } });
    // Two backups of one system at once only slow each other: the row lock makes the check exact.
    await tx.$queryRaw`SELECT 1 FROM systems WHERE id = ${system.id}::uuid FOR UPDATE`;
    const open = await findOpenBackup(tx, { systemId: system.id, type });
    if (open) {
      throw new PreconditionError(`a backup of "${name}" is already under way`, {
        hint: `It is run ${open.runId}, of type ${open.type}.`,
      });
    }
    const run = await createRun(tx, ctx, {
      kind: "backup",
      title: `${TITLES[type]} of ${declaration.title ?? name}`,
      systemId: system.id,
      parameters: { system: name, type, ...methodOf(declaration, type), ...(cut ? { cut } : {}) },
      reason,
      place,
    });
    await recordAudit(tx, ctx, {
      action: "backup.requested",
      entity: { type: "system", id: name },
      metadata: { run: run.id, type, ...(cut ? { cut } : {}), ...(reason ? { reason } : {}) },
    });
    return { runId: run.id };
  });
}

/** The open backup of a system beside which none of this type is taken: a log is waited for beside any other. */
export async function findOpenBackup(
  tx: Tx,
  { systemId, type }: { systemId: string; type: BackupType },
): Promise<{ runId: string; type: BackupType } | null> {
  const runs = await tx.run.findMany({
    where: { systemId, kind: "backup", state: { in: [...OPEN_RUN_STATES] } },
    select: { id: true, parameters: true },
    orderBy: { id: "desc" },
  });
  const open = runs.map(({ id, parameters }) => ({ runId: id, type: typeOf(parameters) }));
  return open.find((run) => (run.type === "log") === (type === "log")) ?? null;
}

/** By which method; told where it is not the ordinary one. */
function methodOf(declaration: SystemDeclaration, type: BackupType): { method?: "physical" } {
  if (!isDatabase(declaration) || type === "log") return {};
  return declaration.backup.full?.method === "physical" ? { method: "physical" } : {};
}

function typeOf(parameters: unknown): BackupType {
  return z.object({ type: z.enum(BACKUP_TYPES).default("full") }).parse(parameters).type;
}
