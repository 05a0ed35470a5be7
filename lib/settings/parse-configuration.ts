import { type Document, LineCounter, isMap, isNode, isScalar, parseDocument } from "yaml";
import type { z } from "zod";
import { type Issue, ValidationError } from "@/lib/kernel/errors";
import { Configuration } from "./schemas";

export interface ParsedConfiguration {
  configuration: Configuration;
  /** As written: units and `${NAME}` untouched. What is stored, compared and exported. */
  document: Record<string, unknown>;
}

/**
 * Reads the text of a holdfast.yaml. `variables` that start with `${` are looked up with `hasVariable`, so that a
 * missing one is refused before anything is applied.
 * @throws ValidationError naming file, line and what was expected
 */
export function parseConfiguration(
  text: string,
  options: { file: string; hasVariable?: (name: string) => boolean },
): ParsedConfiguration {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (line: number, path: string, message: string): Issue => ({
    path: `${options.file}:${line}${path ? ` ${path}` : ""}`,
    message,
  });
  if (yaml.errors.length > 0) {
    throw new ValidationError(
      yaml.errors.map((error) => at(lines.linePos(error.pos[0]).line, "", error.message)),
      "Nothing was applied.",
    );
  }
  const lineOfPath = (path: readonly string[]) => lineOf(yaml, lines, path);
  const document: unknown = yaml.toJS();
  const parsed = Configuration.safeParse(document);
  const issues = parsed.success
    ? missingVariables(document, options.hasVariable).map(({ path, name }) =>
        at(lineOfPath(path), path.join("."), `the environment variable ${name} is not set`),
      )
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, lineOfPath, at));
  if (!parsed.success || issues.length > 0) {
    throw new ValidationError(issues, "Nothing was applied. Mend the named lines, then apply again.");
  }
  return { configuration: parsed.data, document: document as Record<string, unknown> };
}

function describeIssue(
  issue: z.core.$ZodIssue,
  lineOfPath: (path: readonly string[]) => number,
  at: (line: number, path: string, message: string) => Issue,
): Issue[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      at(lineOfPath([...path, key]), [...path, key].join("."), `"${key}" is not a known key here`),
    );
  }
  const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [at(lineOfPath(path), path.join("."), message)];
}

/** Line of the key at a path, or of the nearest one above it. */
function lineOf(yaml: Document, lines: LineCounter, path: readonly string[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? yaml.contents : yaml.getIn(keysOf(path.slice(0, depth - 1)), true);
    const name = path[depth - 1] ?? "";
    const key = isMap(parent)
      ? parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name)?.key
      : undefined;
    const node = isNode(key) ? key : yaml.getIn(keysOf(path.slice(0, depth)), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** Places in lists are numbers. */
function keysOf(path: readonly string[]): (string | number)[] {
  return path.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

/** Every `${NAME}` in the document whose variable is missing. */
function missingVariables(
  document: unknown,
  hasVariable: ((name: string) => boolean) | undefined,
): { path: string[]; name: string }[] {
  if (!hasVariable) return [];
  const missing: { path: string[]; name: string }[] = [];
  const visit = (value: unknown, path: string[]): void => {
    if (typeof value === "string") {
      for (const match of value.matchAll(VARIABLE)) {
        if (match[1] && !hasVariable(match[1])) missing.push({ path, name: match[1] });
      }
    } else if (value && typeof value === "object") {
      for (const [key, child] of Object.entries(value)) visit(child, [...path, key]);
    }
  };
  visit(document, []);
  return missing;
}

/** `${NAME}`: a value from the environment of the process that needs it. */
export const VARIABLE = /\$\{([A-Z_][A-Z0-9_]*)\}/g;
