import { type Command, InvalidArgumentError } from "commander";
import { acknowledgeAlert, listAlerts, listDeliveries, testChannel } from "@/lib/alerts";
import type { AlertView, DeliveryView } from "@/lib/alerts/schemas";
import type { Ctx } from "@/lib/db/context";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";
import { type Answer, answerWith, table } from "./answer";

export function addAlertCommands(program: Command): void {
  const alert = program.command("alert").description("what failed, who was told, who has taken it");
  alert
    .command("list")
    .description("alerts that are not over, newest first")
    .option("--all", "the resolved ones too")
    .option("--limit <n>", "at most so many", "50")
    .action((options: { all?: boolean; limit: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const page = await listAlerts(ctx, { state: options.all ? "all" : "open", limit: Number(options.limit) });
        return { json: page, text: describeAlerts(page.alerts, page.channels) };
      }),
    );
  alert
    .command("ack")
    .description("say that you have taken an alert")
    .argument("<id>")
    .option("--note <text>", "what you are about to do")
    .action((id: string, options: { note?: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const view = await acknowledgeAlert(ctx, { id, ...(options.note ? { note: options.note } : {}) });
        return { json: { alert: view }, text: [`${view.title}: acknowledged by ${view.acknowledgedBy ?? "nobody"}`] };
      }),
    );
  alert
    .command("test")
    .description("send a test message over a channel, and say what came of it")
    .argument("<channel>")
    .option("--timeout <seconds>", "wait at most so long for a runner", parseSeconds, 90)
    .action((channel: string, options: { timeout: number }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { deliveryIds } = await testChannel(ctx, { channel });
        return describeTest(channel, await untilEnded(ctx, deliveryIds, options.timeout * 1_000));
      }),
    );
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0) throw new InvalidArgumentError("expected a number of seconds");
  return seconds;
}

function describeAlerts(alerts: readonly AlertView[], channels: readonly string[]): string[] {
  const rows = alerts.map((alert) => [
    alert.raisedAt,
    alert.severity,
    alert.state,
    alert.title,
    alert.task.doneAt ? "done" : alert.task.isOverdue ? `overdue since ${alert.task.dueAt}` : `by ${alert.task.dueAt}`,
    alert.deliveries.map((each) => `${each.channel}:${each.state}`).join(" ") || "nobody was told",
    alert.id,
  ]);
  const unheard = channels.length === 0 ? ["no channel is declared: nobody is told of anything"] : [];
  return [...table([["RAISED", "SEVERITY", "STATE", "WHAT", "TASK", "DELIVERIES", "ID"], ...rows]), ...unheard];
}

const PERIOD_MS = 300;

/** The deliveries once all of them have ended, or as they are when the time is up. */
async function untilEnded(ctx: Ctx, ids: string[], timeoutMs: number): Promise<DeliveryView[]> {
  const never = new AbortController().signal;
  const startedMs = monotonicMs();
  for (;;) {
    const deliveries = await listDeliveries(ctx, { ids });
    const isOver = deliveries.every((each) => each.state !== "pending");
    if (isOver || monotonicMs() - startedMs > timeoutMs) return deliveries;
    await waitFor(PERIOD_MS, never);
  }
}

function describeTest(channel: string, deliveries: readonly DeliveryView[]): Answer {
  const isDelivered = deliveries.every((each) => each.state === "delivered");
  const isPending = deliveries.some((each) => each.state === "pending");
  return {
    json: { channel, delivered: isDelivered, deliveries },
    text: [
      ...table(deliveries.map((each) => [each.recipient, each.state, each.lastAnswer ?? ""])),
      ...(isPending ? ["no runner has sent it: does one work? `holdfast doctor` says"] : []),
    ],
    exitCode: isDelivered ? 0 : 1,
  };
}
