import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { NotFoundError, PreconditionError, RefusedError, ValidationError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import { OPEN_RUN_STATES, type StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { type Configuration, isDatabase } from "@/lib/settings/schemas";
import { parsePoint } from "@/lib/recovery";
import { findLiveTarget } from "./live-target";
import { findRunbook } from "./runbook";
import { StartRunbookInput } from "./schemas";

/**
 * Starts a runbook, as a drill on throw-away resources or live. Live needs the typed name of the system, a reason, a
 * declared target that allows it, and that no other live run of the system goes on.
 * @throws NotFoundError, ValidationError, RefusedError by a guard, PreconditionError
 */
export async function startRunbook(ctx: Ctx, input: StartRunbookInput): Promise<StartedRun> {
  const request = StartRunbookInput.parse(input);
  requirePermission(ctx, request.mode === "live" ? "runbook.live" : "runbook.drill");
  parsePoint(request.at);
  const runbook = findRunbook(request.runbook);
  if (!runbook) throw new NotFoundError("runbook", request.runbook);
  const { configuration } = await loadConfiguration(ctx);
  const system = systemOf(configuration);
  if (request.from && !configuration.repositories[request.from]) throw new NotFoundError("repository", request.from);
  const target = request.mode === "live" ? guardLive(configuration, request, system.name) : undefined;

  return ctx.transaction(async (tx) => {
    const row = await tx.system.findUniqueOrThrow({ where: { name: system.name } });
    if (request.mode === "live") await refuseSecondLiveRun(tx, row.id);
    const run = await createRun(tx, ctx, {
      kind: "runbook",
      title: runbook.title,
      systemId: row.id,
      runbook: { id: runbook.id, version: runbook.version, mode: request.mode },
      parameters: { system: system.name, at: request.at, from: request.from ?? null, target: target ?? null },
      reason: request.reason,
      statedDisruptionAt: request.disruptionAt ? new Date(request.disruptionAt) : undefined,
      clocks: { declare: ctx.now().toISOString() },
      place: system.place,
    });
    await recordAudit(tx, ctx, {
      action: "runbook.started",
      entity: { type: "runbook", id: runbook.id },
      ...(request.mode === "live" ? { severity: "critical" as const } : {}),
      metadata: {
        run: run.id,
        mode: request.mode,
        system: system.name,
        at: request.at,
        reason: request.reason ?? null,
      },
    });
    return { runId: run.id };
  });
}

/** The system that the scenario is about: the first declared database. */
export function systemOf(configuration: Configuration): { name: string; place: string } {
  for (const [name, declaration] of Object.entries(configuration.systems)) {
    if (isDatabase(declaration)) {
      return { name, place: declaration.runner.label ?? declaration.runner.site };
    }
  }
  throw new PreconditionError("no database is declared", {
    hint: "Declare a system of kind mariadb in holdfast.yaml.",
  });
}

function guardLive(configuration: Configuration, request: { confirm?: string | undefined }, system: string): string {
  if (request.confirm !== system) {
    throw new ValidationError([{ path: "confirm", message: `type the system's name, "${system}", to confirm` }]);
  }
  const target = findLiveTarget(configuration, system);
  if (target) return target;
  throw new RefusedError(`no target allows a live recovery of "${system}"`, {
    hint: "Declare a target with allow: [live] and the primary's address in holdfast.yaml.",
  });
}

async function refuseSecondLiveRun(tx: Tx, systemId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM systems WHERE id = ${systemId}::uuid FOR UPDATE`;
  const open = await tx.run.findFirst({
    where: { systemId, mode: "live", state: { in: [...OPEN_RUN_STATES] } },
    select: { id: true },
  });
  if (open) {
    throw new PreconditionError("a live run of this system goes on already", { hint: `It is run ${open.id}.` });
  }
}
