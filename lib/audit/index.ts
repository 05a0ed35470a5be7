export { countFacets } from "./count-facets";
export { countHistogram } from "./count-histogram";
export { exportEvents, type AuditExport, type ExportSummary } from "./export-events";
export { getEvent } from "./get-event";
export { listEvents } from "./list-events";
export { recordAudit, type AuditCtx, type NewAuditEvent } from "./record-audit";
export { AUDIT_ACTIONS, SEVERITIES, type AuditAction, type Severity } from "./events";
