import type { AuditEventView } from "./schemas";

/** One field that a change touched. */
export interface FieldChange {
  /** Dotted path, such as `backup.full.retain`; empty for a change of the whole. */
  path: string;
  before: unknown;
  after: unknown;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields in which two states differ, deepest first named, in the order of their keys. Lists are compared whole. */
export function listFieldChanges(before: unknown, after: unknown, path = ""): FieldChange[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const isDeep = isRecord(before) && isRecord(after);
  const isBirth = path === "" && (isRecord(before) || isRecord(after)) && (before === null || after === null);
  if (!isDeep && !isBirth) return [{ path, before, after }];
  const one = isRecord(before) ? before : {};
  const other = isRecord(after) ? after : {};
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    listFieldChanges(one[key], other[key], path === "" ? key : `${path}.${key}`),
  );
}

const DETAIL_LENGTH = 80;

function describeValue(value: unknown): string | null {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

/** The short text beside an event in a list: the fields that changed, else what its metadata says first. */
export function formatEventDetail(event: Pick<AuditEventView, "changes" | "metadata">): string {
  if (event.changes) {
    const [first, ...rest] = listFieldChanges(event.changes.before, event.changes.after);
    if (first) return `${first.path || "value"}${rest.length > 0 ? ` and ${rest.length} more` : ""}`;
  }
  const parts = Object.entries(event.metadata).flatMap(([key, value]) => {
    const text = describeValue(value);
    return text === null ? [] : [`${key} ${text}`];
  });
  const detail = parts.slice(0, 3).join(", ");
  return detail.length > DETAIL_LENGTH ? `${detail.slice(0, DETAIL_LENGTH - 1)}…` : detail;
}
