export { countFacets } from "./count-facets";
export { countHistogram } from "./count-histogram";
export { exportEvents, type AuditExport, type ExportSummary } from "./export-events";
export { getEvent } from "./get-event";
export { listEvents } from "./list-events";
export { recordAudit, type NewAuditEvent } from "./record-audit";
export { redactText } from "./redact-value";
