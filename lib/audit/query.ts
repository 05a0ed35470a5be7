import { type Issue, ValidationError } from "@/lib/kernel/errors";
import { parseDurationSeconds, parseInstant } from "@/lib/kernel/time";
import { SEVERITIES, type Severity } from "./events";

export const QUERY_FIELDS = ["action", "severity", "actor", "entity", "ip", "correlation"] as const;
export type QueryField = (typeof QUERY_FIELDS)[number];

const COMPARISONS = ["=", ">=", ">", "<=", "<"] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** One `field:value`. Terms of one field that include are joined by "or"; everything else by "and". */
export interface QueryTerm {
  field: QueryField;
  /** Only a severity is compared by anything but `=`. */
  comparison: Comparison;
  value: string;
  /** Written `-field:value`. */
  isExcluded: boolean;
}

/** What the query bar, the URL, the API and the command line say in one text. */
export interface AuditQuery {
  terms: QueryTerm[];
  /** A date, an RFC 3339 instant, or a duration back from now such as `-24h`. Inclusive. */
  from: string | null;
  /** As `from`; exclusive, except that a date includes its whole day. */
  to: string | null;
}

const QUERY_LENGTH = 2_000;
const TERMS_MAX = 50;

const HINT =
  "Write field:value, such as action:backup.* severity:>=high actor:ann@example.com entity:client/4711 -action:scan.* from:2026-03-01 to:2026-03-31; quote a value with spaces.";

const TOKEN = /(-?)([a-z]+):(>=|<=|>|<|)("(?:[^"\\]|\\["\\])*"|[^\s"]+)(?=\s|$)/y;
const ACTION = /^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*(\.\*)?$/;
const ENTITY = /^[a-z][a-z0-9_-]*(\/.+)?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

interface Token {
  isExcluded: boolean;
  field: string;
  comparison: Comparison;
  value: string;
  text: string;
}

function fail(message: string): never {
  throw new ValidationError([{ path: "query", message }], HINT);
}

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? "")) at += 1;
    if (at >= text.length) return tokens;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return fail(unreadable(text.slice(at).split(/\s/)[0] ?? ""));
    const [whole, minus, field = "", comparison, raw = ""] = match;
    const value = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(["\\])/g, "$1") : raw;
    tokens.push({ isExcluded: minus === "-", field, comparison: toComparison(comparison), value, text: whole });
    at += whole.length;
  }
}

function toComparison(text: string | undefined): Comparison {
  return COMPARISONS.find((comparison) => comparison === text) ?? "=";
}

function unreadable(word: string): string {
  return /^-?[a-z]+:/.test(word)
    ? `"${word}" has no value that can be read`
    : `"${word}" has no field: words are not searched, only fields are`;
}

function isQueryField(field: string): field is QueryField {
  return (QUERY_FIELDS as readonly string[]).includes(field);
}

function issueOf(token: Token): string | null {
  if (token.value.trim() === "") return `"${token.text}" has an empty value`;
  if (token.field !== "severity" && token.comparison !== "=") return `"${token.text}": only a severity can be compared`;
  if (token.field === "severity" && !(SEVERITIES as readonly string[]).includes(token.value)) {
    return `"${token.value}" is not a severity: expected ${SEVERITIES.join(", ")}`;
  }
  if (token.field === "action" && !ACTION.test(token.value)) {
    return `"${token.value}" is not an action: expected a name such as backup.failed or a prefix such as backup.*`;
  }
  if (token.field === "entity" && !ENTITY.test(token.value)) {
    return `"${token.value}" is not an entity: expected a type such as client, or type/id such as client/4711`;
  }
  return null;
}

function toTerm(token: Token): QueryTerm {
  if (!isQueryField(token.field)) {
    return fail(`"${token.field}" is not a field: expected ${[...QUERY_FIELDS, "from", "to"].join(", ")}`);
  }
  const issue = issueOf(token);
  if (issue) return fail(issue);
  return {
    field: token.field,
    comparison: token.comparison,
    value: token.value,
    isExcluded: token.isExcluded,
  };
}

function toBound(tokens: Token[], field: "from" | "to"): string | null {
  const [first, second] = tokens.filter((token) => token.field === field);
  if (!first) return null;
  if (second) return fail(`"${field}" is given twice`);
  if (first.isExcluded || first.comparison !== "=") return fail(`"${first.text}": expected ${field}:TIME`);
  if (!isBound(first.value)) return fail(boundMessage(field, first.value));
  return first.value;
}

function boundMessage(field: string, value: string): string {
  return `"${field}:${value}" is not a time: expected a date, an RFC 3339 time with its offset, or -24h`;
}

function isBound(value: string): boolean {
  return value.startsWith("-") ? parseDurationSeconds(value.slice(1)) !== null : startOfBound(value) !== null;
}

function startOfBound(value: string): Date | null {
  return parseInstant(DATE.test(value) ? `${value}T00:00:00Z` : value);
}

/** Reads a query. @throws ValidationError for a word without a field, an unknown field, a bad value */
export function parseAuditQuery(text: string): AuditQuery {
  if (text.length > QUERY_LENGTH) return fail(`the query is longer than ${QUERY_LENGTH} characters`);
  const tokens = readTokens(text);
  if (tokens.length > TERMS_MAX) return fail(`the query has more than ${TERMS_MAX} terms`);
  const terms: QueryTerm[] = [];
  for (const token of tokens) {
    if (token.field === "from" || token.field === "to") continue;
    const term = toTerm(token);
    if (!terms.some((other) => formatTerm(other) === formatTerm(term))) terms.push(term);
  }
  return { terms, from: toBound(tokens, "from"), to: toBound(tokens, "to") };
}

function formatValue(value: string): string {
  const isPlain = /^[^\s"\\<>][^\s"]*$/.test(value);
  return isPlain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** One term as the query bar shows it in a chip. */
export function formatTerm(term: QueryTerm): string {
  const comparison = term.comparison === "=" ? "" : term.comparison;
  return `${term.isExcluded ? "-" : ""}${term.field}:${comparison}${formatValue(term.value)}`;
}

/** The text that `parseAuditQuery` reads back to an equal query. */
export function formatAuditQuery(query: AuditQuery): string {
  return [
    ...query.terms.map(formatTerm),
    ...(query.from === null ? [] : [`from:${query.from}`]),
    ...(query.to === null ? [] : [`to:${query.to}`]),
  ].join(" ");
}

/** The severities that one term names. */
export function severitiesOf(term: Pick<QueryTerm, "comparison" | "value">): Severity[] {
  const rank = (SEVERITIES as readonly string[]).indexOf(term.value);
  return SEVERITIES.filter((_, index) => {
    switch (term.comparison) {
      case "=":
        return index === rank;
      case ">=":
        return index >= rank;
      case ">":
        return index > rank;
      case "<=":
        return index <= rank;
      case "<":
        return index < rank;
    }
  });
}

const DAY_MS = 86_400_000;

/** The instants of a query's bounds: `from` inclusive, `to` exclusive; null is open.
 *  @throws ValidationError when one is not a time */
export function boundsOf(query: Pick<AuditQuery, "from" | "to">, now: Date): { from: Date | null; to: Date | null } {
  const issues: Issue[] = [];
  const read = (field: "from" | "to", dayMs: number): Date | null => {
    const value = query[field];
    if (value === null) return null;
    if (value.startsWith("-")) {
      const seconds = parseDurationSeconds(value.slice(1));
      if (seconds !== null) return new Date(now.getTime() - seconds * 1_000);
    }
    const start = startOfBound(value);
    if (!start) issues.push({ path: field, message: boundMessage(field, value) });
    return start && DATE.test(value) ? new Date(start.getTime() + dayMs) : start;
  };
  const bounds = { from: read("from", 0), to: read("to", DAY_MS) };
  if (bounds.from && bounds.to && bounds.from >= bounds.to) {
    issues.push({ path: "to", message: `"${query.to}" is not after "${query.from}"` });
  }
  if (issues.length > 0) throw new ValidationError(issues, HINT);
  return bounds;
}
