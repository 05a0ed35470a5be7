import { z } from "zod";
import { SEVERITIES } from "@/lib/audit/schemas";

/** What becomes an alert. A backup that an operator aborted is none: who stopped it knows. */
export const ALERT_KINDS = [
  "backup-failed",
  "slot-missed",
  "backup-incomplete",
  "verification-failed",
  "log-gap",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** `open` until somebody acknowledges it, or until the next one succeeds. */
export const ALERT_STATES = ["open", "acknowledged", "resolved"] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** `undelivered`: refused for good, or given up after the last try. */
export const DELIVERY_STATES = ["pending", "delivered", "undelivered"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What a message says of its alert: it came true, nobody did its task in time, it is over. */
export const DELIVERY_EVENTS = ["raised", "overdue", "resolved"] as const;
export type DeliveryEvent = (typeof DELIVERY_EVENTS)[number];

export const DeliveryView = z.object({
  id: z.string(),
  channel: z.string(),
  kind: z.enum(["smtp", "webhook"]),
  event: z.enum(DELIVERY_EVENTS),
  /** A mail address, or scheme and host of a webhook. */
  recipient: z.string(),
  state: z.enum(DELIVERY_STATES),
  attempts: z.number(),
  /** What the other side said last, or why it said nothing. */
  lastAnswer: z.string().nullable(),
  createdAt: z.string(),
  /** Of a pending one. */
  nextTryAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type DeliveryView = z.infer<typeof DeliveryView>;

export const AlertView = z.object({
  id: z.string(),
  kind: z.enum(ALERT_KINDS),
  severity: z.enum(SEVERITIES),
  state: z.enum(ALERT_STATES),
  system: z.string(),
  /** "Database: full backup failed". */
  title: z.string(),
  cause: z.string(),
  hint: z.string().nullable(),
  /** How often it came true while it was open. */
  occurrences: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
  raisedAt: z.string(),
  acknowledgedAt: z.string().nullable(),
  acknowledgedBy: z.string().nullable(),
  note: z.string().nullable(),
  resolvedAt: z.string().nullable(),
  runId: z.string().nullable(),
  backupId: z.string().nullable(),
  task: z.object({
    action: z.string(),
    dueAt: z.string(),
    isOverdue: z.boolean(),
    doneAt: z.string().nullable(),
    doneBackupId: z.string().nullable(),
    /** A backup of the system that goes on now. */
    openRunId: z.string().nullable(),
  }),
  deliveries: z.array(DeliveryView),
  mayAcknowledge: z.boolean(),
  mayBackUp: z.boolean(),
});
export type AlertView = z.infer<typeof AlertView>;

export const ListAlertsInput = z.strictObject({
  /** `open` has the acknowledged ones too: they are not over. */
  state: z.enum(["open", "resolved", "all"]).default("all"),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ListAlertsInput = z.input<typeof ListAlertsInput>;

export const AlertPage = z.object({
  alerts: z.array(AlertView),
  nextCursor: z.string().nullable(),
  /** Declared channels: without one nobody hears of anything. */
  channels: z.array(z.string()),
});
export type AlertPage = z.infer<typeof AlertPage>;

export const AcknowledgeAlertInput = z.strictObject({ id: z.uuid(), note: z.string().max(500).optional() });
export type AcknowledgeAlertInput = z.input<typeof AcknowledgeAlertInput>;

export const TestChannelInput = z.strictObject({ channel: z.string().min(1) });
export type TestChannelInput = z.input<typeof TestChannelInput>;

export const ListDeliveriesInput = z.strictObject({ ids: z.array(z.uuid()).min(1).max(200) });
export type ListDeliveriesInput = z.input<typeof ListDeliveriesInput>;
