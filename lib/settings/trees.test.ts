import { describe, expect, test } from "vitest";
import { ValidationError } from "@/lib/kernel/errors";
import { parseConfiguration } from "./parse-configuration";
import { declaredBackups, hasLog, isBackedUp, isDatabase, secretsSystemOf } from "./schemas";

/* What holdfast.yaml may say of files and code, and of the secrets that belong to a system. */

const common = { impact: "high", rto: "6h", rpo: "1h" };
const files = (more: object = {}) => ({ ...common, kind: "files", path: "/app", backup: { full: {} }, ...more });
const place = (name: string) => ({ kind: "directory", path: `/mnt/${name}` });

const parse = (systems: object) =>
  parseConfiguration(
    JSON.stringify({
      project: { name: "P", contact: "ops@example.com" },
      objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
      keys: { recipients: ["age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"] },
      repositories: { primary: place("primary"), secondary: place("secondary") },
      systems,
    }),
    { file: "holdfast.yaml" },
  ).configuration;

function complaint(systems: object): string {
  try {
    parse(systems);
  } catch (error) {
    if (error instanceof ValidationError) return error.issues.map(({ message }) => message).join("\n");
    throw error;
  }
  throw new Error("it was not refused");
}

describe("logs among files", () => {
  test("are taken each quarter of an hour and kept for a day, unless told otherwise", () => {
    const { systems } = parse({ logs: files({ backup: { full: {}, log: { include: ["storage/logs"] } } }) });
    expect(declaredBackups(systems.logs).at(-1)).toEqual({
      type: "log",
      schedule: "*/15 * * * *",
      retain: 86_400,
      to: ["primary"],
      stream: false,
    });
    expect(hasLog(systems.logs)).toBe(true);
    expect(hasLog(parse({ uploads: files() }).systems.uploads)).toBe(false);
  });

  test("need a full of the tree that they are brought back on, and are no stream", () => {
    expect(complaint({ logs: files({ backup: { log: {} } }) })).toMatch(/expected full as well/);
    expect(complaint({ logs: files({ backup: { full: {}, log: { stream: true } } }) })).toMatch(/stream/);
  });
});

test("files and code are verified daily and weekly as a database is, unless it is off", () => {
  const { systems } = parse({ a: files(), b: files({ verify: { daily: "off", minimumSize: "1MB" } }) });
  expect(systems).toMatchObject({
    a: { verify: { daily: "0 4 * * *", weekly: "0 5 * * 0" } },
    b: { verify: { daily: "off", minimumSize: 1_000_000 } },
  });
  expect(isBackedUp(systems.a)).toBe(true);
  expect(isDatabase(systems.a)).toBe(false);
});

describe("the secrets of a system", () => {
  const secrets = files({ path: "/secrets", secrets: true });

  test("are the only ones there are, unless it names others; those that hold secrets have none beside them", () => {
    const one = parse({ uploads: files(), secrets });
    expect(secretsSystemOf(one, "uploads")).toBe("secrets");
    expect(secretsSystemOf(one, "secrets")).toBeNull();
    const two = parse({ uploads: files(), named: files({ secretsIn: "other" }), secrets, other: secrets });
    expect(secretsSystemOf(two, "uploads")).toBeNull();
    expect(secretsSystemOf(two, "named")).toBe("other");
  });

  test("lie in a system that holds some", () => {
    expect(complaint({ uploads: files({ secretsIn: "uploads" }) })).toMatch(/`secrets: true`, not "uploads"/);
    expect(complaint({ uploads: files({ secretsIn: "gone" }) })).toMatch(/not "gone"/);
  });
});
