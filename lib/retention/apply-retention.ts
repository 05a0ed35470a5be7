import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { NotFoundError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import { OPEN_RUN_STATES, type StartedRun } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import type { Configuration } from "@/lib/settings/schemas";
import { capPhrase, findCapTrouble } from "./model";
import type { RetainedSystem } from "./read-facts";
import { type ReadPlan, listRetainedSystems, readClockTrouble, readPlan } from "./read-plan";
import type { RetentionParameters } from "./retention-run";
import { ApplyRetentionInput } from "./schemas";

/** A plan that was shown longer ago is looked at again first. */
const PLAN_AGE_MS_MAX = 24 * 3_600_000;

/**
 * Starts the deletion of exactly what a shown plan names. The catalogue is asked anew, as of the plan's own instant: a
 * change that matters gives another plan, and this one is refused.
 * @throws NotFoundError, PreconditionError when nothing is due or another run works on the system, RefusedError when a
 * guard says no: frozen, a clock that is not trusted, a changed plan, more than the cap allows
 */
export async function applyRetention(ctx: Ctx, input: ApplyRetentionInput): Promise<StartedRun> {
  requirePermission(ctx, "retention.apply");
  const request = ApplyRetentionInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  const [system] = await listRetainedSystems(ctx, configuration, request.system);
  if (!system) throw new NotFoundError("system", request.system);
  return ctx.transaction(async (tx) => {
    // Two at once would each carry out half of two plans: the row lock makes the check exact.
    await tx.$queryRaw`SELECT 1 FROM systems WHERE id = ${system.id}::uuid FOR UPDATE`;
    await refuseOpenRuns(tx, system);
    const read = await readShownPlan({ ctx, tx, configuration }, system, request.plan);
    const cap = findCapTrouble(read.plan, read.due);
    if (cap !== null) requireOverride(cap, capPhrase(read.due), request.override);
    const run = await createRun(tx, ctx, {
      kind: "retention",
      title: `Retention of ${configuration.systems[system.name]?.title ?? system.name}`,
      systemId: system.id,
      parameters: { ...parametersOf(read) },
      reason: request.override?.reason,
      place: placeOf(configuration, system.name),
    });
    const metadata = { run: run.id, plan: read.id, count: read.due.length };
    await recordAudit(tx, ctx, {
      action: "retention.requested",
      entity: { type: "system", id: system.name },
      metadata,
    });
    if (cap !== null) {
      await recordAudit(tx, ctx, {
        action: "retention.cap-overridden",
        entity: { type: "system", id: system.name },
        metadata: { ...metadata, cap, reason: request.override?.reason },
      });
    }
    return { runId: run.id };
  });
}

async function refuseOpenRuns(tx: Tx, system: RetainedSystem): Promise<void> {
  const open = await tx.run.findFirst({
    where: { systemId: system.id, state: { in: [...OPEN_RUN_STATES] } },
    select: { id: true, kind: true },
  });
  if (!open) return;
  throw new PreconditionError(`a ${open.kind} of "${system.name}" is under way`, {
    hint: `It is run ${open.id}: nothing is deleted while a run works on the system. Apply again when it has ended.`,
  });
}

async function readShownPlan(
  { ctx, tx, configuration }: { ctx: Ctx; tx: Tx; configuration: Configuration },
  system: RetainedSystem,
  plan: string,
): Promise<ReadPlan> {
  const asOf = new Date(plan.slice(0, plan.indexOf("/")));
  const age = ctx.now().getTime() - asOf.getTime();
  if (!(age >= 0 && age <= PLAN_AGE_MS_MAX)) {
    throw new RefusedError("the plan is not from the last 24 hours", {
      hint: "Look at the plan again, then apply it.",
    });
  }
  const read = await readPlan({ db: tx }, configuration, { system, asOf });
  const clock = await readClockTrouble(ctx, { db: tx }, { facts: read.facts });
  if (clock !== null) {
    throw new RefusedError(`the clock is not trusted: ${clock}`, {
      hint: "Set this machine's clock, and the database's, by NTP; then look at the plan again.",
    });
  }
  const [freeze] = read.plan.freezes;
  if (freeze) {
    throw new RefusedError(`the retention of "${system.name}" is frozen: ${freeze.message}`, {
      hint: "Look into it first. An operator lifts it with a reason, on the retention page or by `holdfast retention lift`.",
    });
  }
  if (read.id !== plan) {
    throw new RefusedError("the catalogue has changed since the plan was shown, in a way that matters", {
      hint: "Look at the plan again, then apply it.",
    });
  }
  if (read.due.length === 0) {
    throw new PreconditionError(`nothing of "${system.name}" is due to be deleted`, {
      hint: "The plan says what stays, and why.",
    });
  }
  return read;
}

function requireOverride(cap: string, phrase: string, override: { phrase: string } | undefined): void {
  if (override?.phrase === phrase) return;
  throw new RefusedError(`too much at once: ${cap}`, {
    hint: `Was \`retain\` changed by mistake? To go on, type "${phrase}" and give a reason.`,
  });
}

function parametersOf({ facts, due, id }: ReadPlan): RetentionParameters {
  const names = new Map(facts.repositories.map((repository) => [repository.id, repository.name]));
  return {
    system: facts.system,
    plan: id,
    removals: due.map(({ kind, repositoryId, subject, reason, sizeBytes }) => ({
      kind,
      repository: names.get(repositoryId) ?? "",
      repositoryId,
      subject,
      reason,
      sizeBytes,
    })),
  };
}

function placeOf(configuration: Configuration, system: string): string {
  const runner = configuration.systems[system]?.runner;
  return runner?.label ?? runner?.site ?? "primary";
}
