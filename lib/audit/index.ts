export { recordAudit, type AuditCtx, type NewAuditEvent } from "./record-audit";
export { AUDIT_ACTIONS, SEVERITIES, type AuditAction, type Severity } from "./events";
