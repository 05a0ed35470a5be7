import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorId, actorLabel } from "@/lib/kernel/actor";
import { ConflictError, NotFoundError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { loadConfiguration } from "@/lib/settings";
import { readFacts } from "./read-facts";
import { listRetainedSystems } from "./read-plan";
import { LiftFreezesInput } from "./schemas";

/**
 * Lets a system's retention go on in spite of what froze it, with a reason. Only the causes that the operator names:
 * one that came since still freezes.
 * @returns how many causes still freeze the system
 * @throws NotFoundError, ConflictError when none of the causes freezes it any more
 */
export async function liftFreezes(ctx: Ctx, input: LiftFreezesInput): Promise<{ lifted: number; left: number }> {
  requirePermission(ctx, "retention.lift");
  const { system: name, causes, reason } = LiftFreezesInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  const [system] = await listRetainedSystems(ctx, configuration, name);
  if (!system) throw new NotFoundError("system", name);
  return ctx.transaction(async (tx) => {
    const { freezes } = await readFacts({ db: tx }, configuration, { system, now: ctx.now() });
    const standing = freezes.filter((freeze) => causes.includes(freeze.cause));
    if (standing.length === 0) {
      throw new ConflictError(`none of these freezes the retention of "${name}" any more`, {
        hint: "Somebody else lifted it first: look at the plan again.",
      });
    }
    await tx.retentionLift.createMany({
      data: standing.map(({ cause }) => ({
        id: newId(),
        systemId: system.id,
        cause,
        reason,
        liftedAt: ctx.now(),
        liftedBy: actorId(ctx.actor),
        liftedByLabel: actorLabel(ctx.actor),
      })),
      skipDuplicates: true,
    });
    await recordAudit(tx, ctx, {
      action: "retention.lifted",
      entity: { type: "system", id: name },
      metadata: { reason, causes: standing.map(({ cause, message }) => ({ cause, message })) },
    });
    return { lifted: standing.length, left: freezes.length - standing.length };
  });
}
