import { recordAudit, redactText } from "@/lib/audit";
import type { Prisma } from "@/lib/db/client";
import type { Ctx, Tx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import type { Configuration } from "@/lib/settings/schemas";
import { addDeliveries } from "./add-deliveries";
import { type AlertFact, causeOf, readFacts } from "./facts";
import { ALERT_ACTION, ALERT_RULES, higherLevel, systemTitleOf, titleOf } from "./model";
import { recipientsOfAll } from "./recipients";
import { lockAlerts } from "./lock-alerts";

/**
 * Makes alerts of the facts that nobody has looked at yet: the first of a condition raises one, with a delivery for
 * each recipient; more of the same are counted. All or nothing: a runner that dies leaves the facts for the next.
 * @returns the ids of the alerts that were raised
 */
export async function raiseAlerts(ctx: Ctx): Promise<{ raised: string[] }> {
  requirePermission(ctx, "job.perform");
  const waiting = await ctx.db.alertFact.findFirst({ where: { handledAt: null }, select: { id: true } });
  if (!waiting) return { raised: [] };
  const configuration = (await findConfiguration(ctx))?.configuration ?? null;
  return ctx.transaction(async (tx) => {
    await lockAlerts(tx);
    const raised: string[] = [];
    for (const [key, facts] of Map.groupBy(await readFacts(tx), (fact) => fact.key)) {
      const open = await tx.alert.findFirst({ where: { key, resolvedAt: null } });
      const alertId = open?.id ?? newId();
      if (open) await countFacts(tx, ctx, { open, facts });
      else {
        const metadata = await raise(tx, ctx, { id: alertId, facts, configuration });
        const [first] = facts as Facts;
        const entity = { type: "alert", id: alertId };
        await recordAudit(tx, ctx, { action: "alert.raised", entity, occurredAt: first.at, metadata });
        raised.push(alertId);
      }
      await tx.alertFact.updateMany({
        where: { id: { in: facts.map((fact) => fact.id) } },
        data: { alertId, handledAt: ctx.now() },
      });
    }
    return { raised };
  });
}

type Facts = [AlertFact, ...AlertFact[]];
type OpenAlert = Prisma.AlertGetPayload<object>;

async function describeNewest(tx: Tx, facts: readonly AlertFact[]) {
  const newest = (facts as Facts).reduce((one, other) => (other.at >= one.at ? other : one));
  return {
    lastAt: newest.at,
    cause: redactText(await causeOf(tx, newest)),
    hint: newest.hint === null ? null : redactText(newest.hint),
    runId: newest.runId,
    backupId: newest.backupId,
    level: facts.map((fact) => fact.level).reduce(higherLevel, null),
  };
}

async function countFacts(
  tx: Tx,
  ctx: Ctx,
  { open, facts }: { open: OpenAlert; facts: readonly AlertFact[] },
): Promise<void> {
  const newest = await describeNewest(tx, facts);
  // A task that was done did not help: its clock starts again.
  const again = { doneAt: null, doneBackupId: null, overdueAt: null, dueAt: dueAfter(ctx) };
  await tx.alert.update({
    where: { id: open.id },
    data: {
      ...newest,
      level: higherLevel(open.level, newest.level),
      occurrences: { increment: facts.length },
      ...(open.doneAt ? again : {}),
    },
  });
}

function dueAfter(ctx: Ctx): Date {
  return new Date(ctx.now().getTime() + ALERT_ACTION.windowMs);
}

/** @returns what the audit log says of it */
async function raise(
  tx: Tx,
  ctx: Ctx,
  { id, facts, configuration }: { id: string; facts: readonly AlertFact[]; configuration: Configuration | null },
): Promise<Record<string, unknown>> {
  const [first] = facts as Facts;
  const { kind, key, systemId, type } = first;
  const { name: system } = await tx.system.findUniqueOrThrow({ where: { id: systemId }, select: { name: true } });
  const now = ctx.now();
  const newest = await describeNewest(tx, facts);
  const { severity } = ALERT_RULES[kind];
  const recipients = recipientsOfAll(configuration, system);
  await tx.alert.create({
    data: {
      ...{ id, key, kind, severity, systemId, type },
      ...newest,
      occurrences: facts.length,
      firstAt: first.at,
      raisedAt: now,
      dueAt: dueAfter(ctx),
    },
  });
  await addDeliveries(tx, ctx, { alertId: id, event: "raised", recipients });
  const systemTitle = systemTitleOf(system, configuration?.systems[system]?.title);
  return {
    kind,
    system,
    severity,
    title: titleOf({ kind, type, level: newest.level, systemTitle }),
    cause: newest.cause,
    recipients: recipients.map((each) => `${each.channel}: ${each.recipient}`),
  };
}
