import { Secret } from "@/lib/kernel/secret";

export type PlainValue = string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };

const REDACTED = "[secret]";
const DEPTH_MAX = 20;

/* Names under which a secret usually lies. `${NAME}` is the name of a secret, not the secret: it stays. */
const SECRET_KEY =
  /pass(word|phrase|wd)?$|password|secret|token|authorization|cookie|credential|private[-_]?(key|pem)|access[-_]?key|api[-_]?key/i;
const HARMLESS_KEY = /(id|file|fingerprint|count|at|name)$/i;
const REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

const SECRET_VALUES: [RegExp, string][] = [
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, `$1${REDACTED}@`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/AGE-SECRET-KEY-[A-Z0-9-]+/gi, REDACTED],
  [/\$argon2(id|i|d)\$\S+/g, REDACTED],
];

/** A text without what looks like a secret: a password in an address, a private key. */
export function redactText(text: string): string {
  return SECRET_VALUES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; either would stop the event and the action with it. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\uFFFD");
}

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !HARMLESS_KEY.test(key);
}

interface Reading {
  text(value: string): string;
  secret(value: Secret): PlainValue;
  named(key: string, value: unknown): PlainValue | undefined;
}

/* What the log stores. */
const STORED: Reading = {
  text: (value) => cleanText(redactText(value)),
  secret: () => REDACTED,
  named: (key, value) => {
    const isKept = !isSecretKey(key) || value === null || (typeof value === "string" && REFERENCE.test(value));
    return isKept ? undefined : REDACTED;
  },
};

/* What two states are compared by, in memory only: a changed password is a change, though the log shows neither. */
const COMPARED: Reading = {
  text: (value) => value,
  secret: (value) => [value.reveal()],
  named: () => undefined,
};

function toPlain(value: unknown, reading: Reading, depth: number): PlainValue | undefined {
  if (depth > DEPTH_MAX) throw new TypeError(`an audit event is nested deeper than ${DEPTH_MAX} levels`);
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return reading.text(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return value.toString();
  return typeof value === "object" ? objectToPlain(value, reading, depth) : undefined;
}

function objectToPlain(value: object, reading: Reading, depth: number): PlainValue {
  if (value instanceof Secret) return reading.secret(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return "[binary]";
  if (Array.isArray(value)) return value.map((item) => toPlain(item, reading, depth + 1) ?? null);
  const plain: { [key: string]: PlainValue } = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const kept = reading.named(key, item) ?? toPlain(item, reading, depth + 1);
    if (kept !== undefined) plain[cleanText(key)] = kept;
  }
  return plain;
}

/** A value as the audit log stores it: plain JSON, secrets replaced by their key, their type or their look. */
export function redactValue(value: unknown): PlainValue {
  return toPlain(value, STORED, 0) ?? null;
}

/** A value as two states are compared by. It may hold secrets: never store or show it. */
export function comparableValue(value: unknown): PlainValue {
  return toPlain(value, COMPARED, 0) ?? null;
}
