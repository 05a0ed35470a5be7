import type { z } from "zod";
import { recordAudit, redactText } from "@/lib/audit";
import type { Severity } from "@/lib/audit/schemas";
import type { Prisma } from "@/lib/db/client";
import type { JobCtx } from "@/lib/db/context";
import { NotFoundError, isRetryable, summarizeError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { loadConfiguration } from "@/lib/settings";
import type { Configuration } from "@/lib/settings/schemas";
import { type AlertMessage, composeMail, composeWebhook } from "./compose-message";
import type { alertDeliveryJob } from "./jobs";
import { delayAfter, systemTitleOf } from "./model";
import type { AlertKind, DeliveryEvent, DeliveryState } from "./schemas";

/** Longer than any engine waits: as long nobody else sends it, and afterwards its runner is gone. */
const LEASE_MS = 60_000;

const INCLUDE = { alert: { include: { system: { select: { name: true } } } } } as const;
type Delivery = Prisma.AlertDeliveryGetPayload<{ include: typeof INCLUDE }>;

/**
 * Sends one delivery once, and stores what came of it: delivered, to be tried again, or undelivered. Does nothing when
 * it has ended, is not due, or is being sent. A runner that dies in the middle leaves it to be sent again, by the same id.
 */
export async function deliverAlert(
  ctx: JobCtx,
  { deliveryId, consoleUrl }: z.infer<(typeof alertDeliveryJob)["payload"]> & { consoleUrl: string | null },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  const now = ctx.now();
  const { count } = await ctx.db.alertDelivery.updateMany({
    where: { id: deliveryId, state: "pending", nextTryAt: { lte: now } },
    data: { attempts: { increment: 1 }, nextTryAt: new Date(now.getTime() + LEASE_MS) },
  });
  if (count === 0) return;
  const delivery = await ctx.db.alertDelivery.findUniqueOrThrow({ where: { id: deliveryId }, include: INCLUDE });
  let answer: string;
  try {
    answer = await send(ctx, delivery, consoleUrl);
  } catch (error) {
    if (ctx.signal.aborted) await letGo(ctx, delivery);
    else await recordFailure(ctx, delivery, error);
    return;
  }
  await endDelivery(ctx, delivery, { state: "delivered", answer });
}

async function send(ctx: JobCtx, delivery: Delivery, consoleUrl: string | null): Promise<string> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.channels[delivery.channel];
  if (!declaration) throw new NotFoundError("channel", delivery.channel);
  const message = toMessage(configuration, delivery, consoleUrl);
  if (delivery.kind === "webhook") {
    const webhook = await ctx.engines.webhook(delivery.channel);
    const body = composeWebhook(message);
    return (await webhook.post({ id: delivery.id, body, at: ctx.now() }, { signal: ctx.signal })).answer;
  }
  const from = (declaration.kind === "smtp" ? declaration.from : undefined) ?? configuration.project.contact;
  const mailer = await ctx.engines.mailer(delivery.channel);
  const messageId = `${delivery.id}@${from.split("@")[1] ?? "holdfast"}`;
  const mail = { messageId, from, to: delivery.recipient, ...composeMail(message) };
  return (await mailer.send(mail, { signal: ctx.signal })).answer;
}

function toMessage(configuration: Configuration, delivery: Delivery, consoleUrl: string | null): AlertMessage {
  const { id: deliveryId, alert: row } = delivery;
  const { name: project } = configuration.project;
  const event = delivery.event as DeliveryEvent;
  if (!row) return { deliveryId, event, project, consoleUrl, alert: null };
  const { id, type, level, cause, hint, occurrences, firstAt, raisedAt, dueAt, resolvedAt, runId, backupId } = row;
  const system = row.system.name;
  const alert = {
    ...{ id, type, level, cause, hint, occurrences, firstAt, raisedAt, dueAt, resolvedAt, runId, backupId },
    kind: row.kind as AlertKind,
    severity: row.severity as Severity,
    system,
    systemTitle: systemTitleOf(system, configuration.systems[system]?.title),
  };
  return { deliveryId, event, project, consoleUrl, alert };
}

/** This runner stops: whether the other side has it is not known, so another runner sends it again at once. */
async function letGo(ctx: JobCtx, { id, attempts }: Delivery): Promise<void> {
  await ctx.db.alertDelivery.updateMany({
    where: { id, attempts, state: "pending" },
    data: { nextTryAt: ctx.now(), enqueuedAt: null },
  });
}

async function recordFailure(ctx: JobCtx, delivery: Delivery, error: unknown): Promise<void> {
  const { code, message } = summarizeError(error);
  if (code === "INTERNAL") ctx.log.error({ err: error, delivery: delivery.id }, "an alert could not be sent");
  // A variable that this runner lacks may be there in another one's environment.
  const mayPass = isRetryable(error) || code === "PRECONDITION" || code === "INTERNAL";
  const delayMs = mayPass && delivery.alertId !== null ? delayAfter(delivery.attempts) : null;
  const answer = redactText(message);
  if (delayMs === null) return endDelivery(ctx, delivery, { state: "undelivered", answer });
  await ctx.db.alertDelivery.updateMany({
    where: { id: delivery.id, attempts: delivery.attempts, state: "pending" },
    data: { lastAnswer: answer, enqueuedAt: null, nextTryAt: new Date(ctx.now().getTime() + delayMs) },
  });
}

async function endDelivery(
  ctx: JobCtx,
  { id, alertId, event, channel, kind, recipient, attempts }: Delivery,
  { state, answer }: { state: Exclude<DeliveryState, "pending">; answer: string },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.transaction(async (tx) => {
    const { count } = await tx.alertDelivery.updateMany({
      where: { id, state: "pending" },
      data: { state, lastAnswer: answer, endedAt: ctx.now(), nextTryAt: null },
    });
    if (count === 0) return;
    await recordAudit(tx, ctx, {
      action: `alert.${state}`,
      entity: alertId ? { type: "alert", id: alertId } : { type: "channel", id: channel },
      metadata: { event, channel, kind, recipient, attempts, answer },
    });
  });
}
