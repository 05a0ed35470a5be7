import type { Severity } from "@/lib/audit/schemas";
import { ALERT_ACTION, titleOf } from "./model";
import type { AlertKind, DeliveryEvent } from "./schemas";

/** What a message is made of: no secrets, no row data. */
export interface AlertMessage {
  deliveryId: string;
  event: DeliveryEvent;
  project: string;
  consoleUrl: string | null;
  /** null: a test of the channel. */
  alert: {
    id: string;
    kind: AlertKind;
    severity: Severity;
    system: string;
    systemTitle: string;
    type: string | null;
    level: string | null;
    cause: string;
    hint: string | null;
    occurrences: number;
    firstAt: Date;
    raisedAt: Date;
    dueAt: Date;
    resolvedAt: Date | null;
    runId: string | null;
    backupId: string | null;
  } | null;
}

/** `2026-11-23 10:00:00 UTC`. */
function instant(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function linkOf({ consoleUrl, alert }: AlertMessage): string | null {
  return consoleUrl && alert ? `${consoleUrl.replace(/\/+$/, "")}/alerts#${alert.id}` : null;
}

/** Subject and plain text of a mail: what happened, why, what to do by when. */
export function composeMail(message: AlertMessage): { subject: string; text: string } {
  const { alert, project } = message;
  if (!alert) {
    return {
      subject: `[${project}] Holdfast: test of this channel`,
      text: "This is a test. Alerts of Holdfast will reach you here.\n",
    };
  }
  const link = linkOf(message);
  const times = alert.occurrences === 1 ? "" : `, ${alert.occurrences} times`;
  const lines = [
    titleOf(alert),
    "",
    `Severity  ${alert.severity}`,
    `System    ${alert.system}`,
    `When      ${instant(alert.firstAt)}${times}`,
    `Why       ${alert.cause}`,
    ...(alert.hint ? [`          ${alert.hint}`] : []),
    "",
    ...taskLines(alert, message.event),
    ...(link ? ["", link] : []),
    "",
    ...(alert.resolvedAt ? [] : [`Take it: npm run -s holdfast -- alert ack ${alert.id}`, ""]),
  ];
  return {
    subject: `[${project}] ${SUBJECT[message.event](alert.severity)}: ${titleOf(alert)}`,
    text: lines.join("\n"),
  };
}

/** What stands before the title: a phone at night shows no more than that. */
const SUBJECT: Record<DeliveryEvent, (severity: Severity) => string> = {
  raised: (severity) => severity,
  overdue: (severity) => `overdue, ${severity}`,
  resolved: () => "resolved",
};

function taskLines(alert: NonNullable<AlertMessage["alert"]>, event: DeliveryEvent): string[] {
  if (alert.resolvedAt) return [`Resolved since, at ${instant(alert.resolvedAt)}: nothing is to be done.`];
  const isOverdue = event === "overdue";
  return [
    isOverdue
      ? `Overdue: ${ALERT_ACTION.words}; its time ended at ${instant(alert.dueAt)}.`
      : `To do: ${ALERT_ACTION.words}, by ${instant(alert.dueAt)}.`,
    `          npm run -s holdfast -- backup run ${alert.system}`,
  ];
}

/** The body of a webhook. Its fields are a contract: add, never rename. */
export function composeWebhook(message: AlertMessage): string {
  const { alert, deliveryId, event, project } = message;
  if (!alert) return JSON.stringify({ id: deliveryId, event: "alert.test", project });
  const { firstAt, raisedAt, dueAt, resolvedAt, ...facts } = alert;
  return JSON.stringify({
    id: deliveryId,
    event: `alert.${event}`,
    project,
    alert: {
      ...facts,
      title: titleOf(alert),
      action: ALERT_ACTION.words,
      firstAt: firstAt.toISOString(),
      raisedAt: raisedAt.toISOString(),
      dueAt: dueAt.toISOString(),
      resolvedAt: resolvedAt?.toISOString() ?? null,
      url: linkOf(message),
    },
  });
}
