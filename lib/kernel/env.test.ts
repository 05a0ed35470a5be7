import { expect, test, vi } from "vitest";
import { childEnvironment, partEnvironment, readEnvironment, readVariable } from "./env";
import { ValidationError } from "./errors";

const environment = (values: Record<string, string>) => values as unknown as NodeJS.ProcessEnv;

test("an empty environment has what is needed to start", () => {
  const read = readEnvironment(environment({}));
  expect(read).toMatchObject({ databaseUrl: undefined, logLevel: "info", port: 3000, sessionSecret: undefined });
  expect(read.home).toMatch(/^\/var\/tmp\/holdfast-\d+\/home$/);
});

test("every bad name is told at once, and no value", () => {
  const bad = environment({ HOLDFAST_PORT: "99999", HOLDFAST_LOG_LEVEL: "loud", NEXTAUTH_SECRET: "short" });
  expect(() => readEnvironment(bad)).toThrow(ValidationError);
  expect(() => readEnvironment(bad)).toThrow(/HOLDFAST_LOG_LEVEL.*NEXTAUTH_SECRET.*HOLDFAST_PORT/);
  expect(() => readEnvironment(bad)).not.toThrow(/short/);
});

test("a program that is started inherits no secret, and counts in UTC", () => {
  vi.stubEnv("DB_PASSWORD", "hunter2");
  vi.stubEnv("NEXTAUTH_SECRET", "0123456789abcdef");
  try {
    const child = childEnvironment({ MYSQL_HOME: "/x" });
    expect(JSON.stringify(child)).not.toMatch(/hunter2|0123456789abcdef/);
    expect(child).toMatchObject({ TZ: "UTC", LC_ALL: "C.UTF-8", MYSQL_HOME: "/x", PATH: expect.any(String) as string });
    expect(readVariable("DB_PASSWORD")).toBe("hunter2");
    expect(partEnvironment({ EXTRA: "1" })).toMatchObject({ DB_PASSWORD: "hunter2", EXTRA: "1" });
  } finally {
    vi.unstubAllEnvs();
  }
});
