import { isDeepStrictEqual } from "node:util";
import type { Ctx, Tx } from "@/lib/db/context";
import { actorId, actorLabel } from "@/lib/kernel/actor";
import { newId } from "@/lib/kernel/ids";
import { type AuditAction, type Severity, graverOf, ruleOf } from "./events";
import { cleanText, comparableValue, redactValue } from "./redact-value";

export interface NewAuditEvent {
  action: AuditAction;
  /** What it happened to: `{ type: "system", id }`; no id when it happened to none of them, as a sign-in to an unknown name. */
  entity: { type: string; id?: string | null };
  /** Raises the catalogue's severity; a lower one has no effect. */
  severity?: Severity;
  /** The state before and after; null where there was none. Equal states are no event. */
  changes?: { before: unknown; after: unknown };
  metadata?: Record<string, unknown>;
  /** When it happened, if that was before now. */
  occurredAt?: Date;
}

/** Who, where from and when: what an event takes from a ctx. */
export type AuditCtx = Pick<Ctx, "actor" | "tenantId" | "correlationId" | "origin" | "now">;

const USER_AGENT_LENGTH = 512;
const LABEL_LENGTH = 255;

function cut(text: string, length: number): string {
  return cleanText(text.slice(0, length));
}

/** Adds an event to the audit log inside the caller's transaction: when it cannot be written, the action does not happen.
 *  Secrets are replaced by their key name, their look or the Secret type, before anything is stored.
 *  @returns the event's id, or null for a change that changed nothing. */
export async function recordAudit(tx: Tx, ctx: AuditCtx, event: NewAuditEvent): Promise<string | null> {
  const { changes } = event;
  if (changes && isDeepStrictEqual(comparableValue(changes.before), comparableValue(changes.after))) return null;
  const rule = ruleOf(event.action);
  const now = ctx.now();
  const id = newId();
  await tx.auditEvent.create({
    data: {
      id,
      tenantId: ctx.tenantId,
      action: event.action,
      severity: graverOf(rule.severity, event.severity ?? "info"),
      retentionClass: rule.retention,
      actorKind: ctx.actor.kind,
      actorId: actorId(ctx.actor),
      performedBy: cut(actorLabel(ctx.actor), LABEL_LENGTH),
      entityType: event.entity.type,
      entityId: event.entity.id == null ? null : cut(event.entity.id, LABEL_LENGTH),
      correlationId: ctx.correlationId,
      ipAddress: ctx.origin.ipAddress === undefined ? null : cut(ctx.origin.ipAddress, 45),
      userAgent: ctx.origin.userAgent === undefined ? null : cut(ctx.origin.userAgent, USER_AGENT_LENGTH),
      ...(changes ? { changes: redactValue(changes) as object } : {}),
      metadata: redactValue(event.metadata ?? {}) as object,
      occurredAt: event.occurredAt ?? now,
      receivedAt: now,
    },
    select: { id: true },
  });
  return id;
}
