/** Severities of the standard, mildest first: their order is their rank. */
export const SEVERITIES = ["info", "warning", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** How long an event is kept at least. */
export const RETENTION_CLASSES = ["12-months", "24-months", "permanent"] as const;
type RetentionClass = (typeof RETENTION_CLASSES)[number];

interface EventRule {
  severity: Severity;
  retention: RetentionClass;
}

const rule = (severity: Severity, retention: RetentionClass): EventRule => ({ severity, retention });

/* The stored log holds these names for years: add, never rename. */
const CATALOGUE = {
  // Security events of the standard
  "user.login": rule("info", "24-months"),
  "login.failed": rule("warning", "24-months"),
  "password.changed": rule("info", "24-months"),
  "permission.granted": rule("high", "24-months"),
  "permission.revoked": rule("high", "24-months"),
  "key.created": rule("high", "24-months"),
  "key.revoked": rule("high", "24-months"),
  "key.proof-asked": rule("info", "24-months"),
  "key.proven": rule("high", "24-months"),
  // Data access events of the standard
  "client.viewed": rule("info", "24-months"),
  "client.updated": rule("info", "24-months"),
  "client.exported": rule("high", "24-months"),
  "assessment.created": rule("info", "24-months"),
  "scan.initiated": rule("info", "12-months"),
  // System events of the standard
  "backup.completed": rule("info", "12-months"),
  "backup.failed": rule("critical", "24-months"),
  "configuration.changed": rule("high", "24-months"),
  "migration.applied": rule("high", "permanent"),
  "service.started": rule("info", "12-months"),
  "service.stopped": rule("info", "12-months"),
  // Accounts
  "user.created": rule("high", "24-months"),
  "user.disabled": rule("high", "24-months"),
  "user.enabled": rule("high", "24-months"),
  "user.logout": rule("info", "24-months"),
  // The estate
  "system.declared": rule("high", "24-months"),
  "system.removed": rule("high", "24-months"),
  "repository.declared": rule("high", "24-months"),
  "repository.removed": rule("high", "24-months"),
  "repository.check-started": rule("info", "12-months"),
  "repository.checked": rule("info", "12-months"),
  "repository.repair-started": rule("high", "24-months"),
  "repository.repaired": rule("high", "24-months"),
  "repository.uploads-removed": rule("info", "12-months"),
  "copy.lost": rule("critical", "24-months"),
  "copy.mended": rule("high", "24-months"),
  "catalog.rebuilt": rule("high", "24-months"),
  // Runs: what a person asked for, and how it ended
  "run.started": rule("info", "24-months"),
  "run.completed": rule("info", "24-months"),
  "run.failed": rule("high", "24-months"),
  "run.abort-requested": rule("warning", "24-months"),
  "run.aborted": rule("warning", "24-months"),
  "run.taken-over": rule("warning", "24-months"),
  "run.decided": rule("high", "24-months"),
  "run.approved": rule("high", "24-months"),
  "backup.requested": rule("info", "12-months"),
  "cut.requested": rule("info", "12-months"),
  "backup.started": rule("info", "12-months"),
  "backup.deleted": rule("high", "24-months"),
  "log.deleted": rule("high", "24-months"),
  "retention.requested": rule("high", "24-months"),
  "retention.refused": rule("high", "24-months"),
  "retention.cap-overridden": rule("critical", "24-months"),
  "retention.lifted": rule("high", "24-months"),
  "restore.started": rule("high", "24-months"),
  "restore.completed": rule("high", "24-months"),
  "restore.failed": rule("critical", "24-months"),
  "verification.started": rule("info", "12-months"),
  "verification.completed": rule("info", "24-months"),
  "verification.failed": rule("critical", "24-months"),
  "verifier.test-started": rule("info", "12-months"),
  "verifier.tested": rule("info", "24-months"),
  "finding.opened": rule("high", "24-months"),
  "finding.assigned": rule("info", "24-months"),
  "finding.closed": rule("high", "24-months"),
  "runbook.started": rule("high", "24-months"),
  "runbook.completed": rule("high", "24-months"),
  "runbook.failed": rule("critical", "24-months"),
  "runbook.changed": rule("high", "24-months"),
  "slot.missed": rule("high", "24-months"),
  "log.incarnation-begun": rule("high", "24-months"),
  "log.gap-detected": rule("critical", "24-months"),
  // Alerts: what was raised, who heard of it, who took it
  "alert.raised": rule("high", "24-months"),
  "alert.overdue": rule("critical", "24-months"),
  "alert.acknowledged": rule("info", "24-months"),
  "alert.resolved": rule("info", "24-months"),
  "alert.delivered": rule("info", "12-months"),
  "alert.undelivered": rule("high", "24-months"),
  "channel.tested": rule("info", "12-months"),
  // The recovery testing schedule
  "drill.opened": rule("info", "24-months"),
  "drill.completed": rule("info", "24-months"),
  "drill.signed": rule("high", "24-months"),
  // The log itself
  "audit.export-started": rule("high", "24-months"),
  "audit.exported": rule("high", "24-months"),
} as const satisfies Record<string, EventRule>;

/** Every action that the console itself may record. An unknown one does not compile. */
export type AuditAction = keyof typeof CATALOGUE;

/** The severity and the retention class that the standard, or this catalogue, gives an action. */
export function ruleOf(action: AuditAction): EventRule {
  return CATALOGUE[action];
}

/** The graver of two severities. */
export function graverOf(one: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(one) >= SEVERITIES.indexOf(other) ? one : other;
}
