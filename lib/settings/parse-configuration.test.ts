import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ValidationError } from "@/lib/kernel/errors";
import { describeLocation } from "./describe-location";
import { parseConfiguration } from "./parse-configuration";
import { resolveVariables } from "./resolve-variables";

const TEXT = `project: { name: MyProject Platform, domain: https://app.example.com, contact: ops-team@example.com }
objectives: { rto: 4h, rpo: 15m, mttr: 2h, mtbf: 720h }
variables: { REPO_PATH: /var/www/app }
keys:
  recipients: [age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq]
  identityFile: /etc/holdfast/identity.txt
repositories:
  primary:
    kind: s3
    bucket: company-backups
    prefix: prod
    endpoint: http://127.0.0.1:7480
    accessKeyId: \${S3_KEY}
    secretAccessKey: \${S3_SECRET}
  secondary: { kind: directory, path: /mnt/backups }
systems:
  database:
    kind: mariadb
    impact: critical
    rto: 2h
    rpo: 15m
    connection:
      socket: /run/mysqld/mysqld.sock
      user: holdfast
      password: \${DB_PASSWORD}
    backup:
      full: { schedule: "0 2 * * *", retain: 30d, to: [primary, secondary] }
      log: { schedule: "*/15 * * * *", retain: 24h, to: [primary, secondary], stream: true, interval: 5s }
    verify: { minimumSize: 10MB, minimumTables: 10, queries: [{ sql: SELECT 1, atLeast: 1 }] }
    heartbeat: 250ms
  mail:
    kind: service
    impact: low
    rto: 24h
    rpo: none
    reason: bought
targets:
  staging:
    kind: mariadb
    directory: /srv/staging
    allow: [drill]
    connection: { user: holdfast, password: "\${STAGING_PASSWORD}", port: 3307 }
`;

const parse = (text: string, hasVariable?: (name: string) => boolean) =>
  parseConfiguration(text, { file: "holdfast.yaml", ...(hasVariable ? { hasVariable } : {}) });

/** Every complaint as `line path: message`, of a text that must be refused. */
function complaints(text: string, hasVariable?: (name: string) => boolean): string[] {
  try {
    parse(text, hasVariable);
  } catch (error) {
    if (error instanceof ValidationError) return error.issues.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  throw new Error("the text was not refused");
}

/** The text with the line of `old` changed to `now`, and that line's number. */
function change(old: string, now: string): { text: string; line: number } {
  const at = TEXT.indexOf(old);
  if (at < 0) throw new Error(`the text has no "${old}"`);
  return { text: TEXT.replace(old, now), line: TEXT.slice(0, at).split("\n").length };
}

describe("a holdfast.yaml", () => {
  test("is read with durations in seconds, sizes in bytes and secrets as they are written", () => {
    const { configuration, document } = parse(TEXT);
    const { database, mail } = configuration.systems;
    expect(configuration.objectives).toEqual({ rto: 14_400, rpo: 900, mttr: 7_200, mtbf: 2_592_000 });
    expect(database).toMatchObject({
      rto: 7_200,
      rpo: 900,
      heartbeat: 250,
      runner: { site: "primary" },
      connection: { host: "127.0.0.1", port: 3306, password: "${DB_PASSWORD}" },
      backup: { full: { retain: 2_592_000, method: "logical" }, log: { interval: 5, stream: true } },
      verify: { minimumSize: 10_000_000 },
    });
    expect(mail).toMatchObject({ kind: "service", rpo: null });
    expect(document).toMatchObject({ systems: { database: { rto: "2h" } } });
  });

  test.each([
    [
      "a key that nobody knows",
      "    heartbeat: 250ms",
      "    heartbeet: 250ms",
      'heartbeet: "heartbeet" is not a known key here',
    ],
    [
      "a key with values that nobody knows",
      "    verify: {",
      "    verified: {",
      'verified: "verified" is not a known key here',
    ],
    ["a duration without unit", "    rto: 2h", "    rto: 2", "rto: Invalid input: expected string"],
    [
      "a unit that does not exist",
      "    rto: 2h",
      "    rto: 2 hours",
      "rto: expected a duration such as 90s, 15m, 4h or 30d",
    ],
    ["a duration of nothing", "    rto: 2h", "    rto: 0s", "rto: expected a duration"],
    ["a part of a second", "    rto: 2h", "    rto: 1.5s", "rto: expected a duration"],
    ["a duration beyond all measure", "    rto: 2h", "    rto: 99999999d", "rto: expected a duration"],
    ["a size without number", "minimumSize: 10MB", "minimumSize: big", "verify.minimumSize: expected a size such as"],
    ["six cron fields", '"0 2 * * *"', '"0 0 2 * * *"', "backup.full.schedule: expected five cron fields"],
    [
      "a cron field that is another one at each reading",
      '"0 2 * * *"',
      '"0 H * * *"',
      "backup.full.schedule: expected five cron fields",
    ],
    ["a day that never comes", '"0 2 * * *"', '"0 2 30 2 *"', "backup.full.schedule: expected five cron fields"],
    [
      "a heartbeat without pause",
      "    heartbeat: 250ms",
      "    heartbeat: 0s",
      "heartbeat: expected a period from 100ms",
    ],
    ["a password as it is", "password: ${DB_PASSWORD}", "password: hunter2", "connection.password: expected ${NAME}"],
    [
      "a part of a password",
      "password: ${DB_PASSWORD}",
      "password: x${DB_PASSWORD}",
      "connection.password: expected ${NAME}",
    ],
    [
      "a secret key as it is",
      "secretAccessKey: ${S3_SECRET}",
      "secretAccessKey: wJalrXUtnFEMI",
      "secretAccessKey: expected ${NAME}",
    ],
    [
      "a password in an address",
      "endpoint: http://127.0.0.1:7480",
      "endpoint: http://me:hunter2@127.0.0.1:7480",
      "endpoint: expected a URL without user",
    ],
    [
      "a private age key",
      "recipients: [age1q",
      "recipients: [AGE-SECRET-KEY-1q",
      "recipients.0: expected an age recipient",
    ],
    [
      "a repository that is not declared",
      "to: [primary, secondary] }",
      "to: [primary, tertiary] }",
      'backup.full.to: expected a declared repository, not "tertiary"',
    ],
    ["a name that is none", "  database:\n", "  Data_Base:\n", "expected a name of lower-case letters"],
    ["a relative directory", "path: /mnt/backups", "path: mnt/backups", "path: expected an absolute path"],
    ["an impact that nobody knows", "    impact: critical", "    impact: huge", "impact: Invalid option"],
    ["a contact that is none", "contact: ops-team@example.com", "contact: ops", "project.contact: Invalid email"],
    ["YAML that is broken", "    impact: critical", "    impact: [critical", "holdfast.yaml:"],
    ["a key given twice", "    rto: 2h", "    rto: 2h\n    rto: 3h", "Map keys must be unique"],
  ])("is refused for %s, with file, line and what was expected", (...[, old, now, message]) => {
    const { text, line } = change(old, now);
    const found = complaints(text);
    expect(found.join("\n")).toContain(message);
    const lines = found.map((complaint) => Number(/^holdfast\.yaml:(\d+)/.exec(complaint)?.[1]));
    expect(lines.some((each) => each >= line && each <= line + 1)).toBe(true);
  });

  test("never repeats a secret that stands in it", () => {
    for (const secret of ["password: hunter2", "password: ${hunter2}"]) {
      expect(complaints(change("password: ${DB_PASSWORD}", secret).text).join()).not.toContain("hunter2");
    }
    const { text } = change("endpoint: http://127.0.0.1:7480", "endpoint: http://me:hunter2@127.0.0.1:7480");
    expect(complaints(text).join()).not.toContain("hunter2");
  });

  test("names the line of an unknown key, also where its value begins on the next one", () => {
    const { text, line } = change("    connection:\n", "    extra:\n      a: 1\n    connection:\n");
    expect(complaints(text)).toEqual([`holdfast.yaml:${line} systems.database.extra: "extra" is not a known key here`]);
  });

  test("tells every complaint at once", () => {
    const text = change("    rto: 2h", "    rto: x").text.replace("    impact: low", "    impact: none");
    expect(complaints(text)).toHaveLength(2);
  });

  test("of MySQL is refused with the sentence of what is proven", () => {
    const { text, line } = change("    kind: mariadb\n    impact", "    kind: mysql\n    impact");
    const [complaint] = complaints(text);
    expect(complaint).toBe(
      `holdfast.yaml:${line} systems.database.kind: MySQL is refused until a server can be had for the tests: no claim without a proof. Holdfast is proven on MariaDB 10.6 and later.`,
    );
  });

  test("of a kind that does not exist yet is refused with those that do", () => {
    const { text } = change("    kind: service", "    kind: printer");
    expect(complaints(text).join()).toContain("expected kind to be mariadb, files, git or service");
  });

  test("names each environment variable that is missing, with its line, and no other", () => {
    const line = TEXT.split("\n").findIndex((each) => each.includes("${S3_SECRET}")) + 1;
    expect(complaints(TEXT, (name) => name !== "S3_SECRET")).toEqual([
      `holdfast.yaml:${line} repositories.primary.secretAccessKey: the environment variable S3_SECRET is not set`,
    ]);
    expect(parse(TEXT, () => true).configuration.project.name).toBe("MyProject Platform");
  });

  test.each([
    ["{ kind: directory, path: /mnt/backups/ }", "{ kind: directory, path: /mnt/backups }"],
    [
      "{ kind: s3, bucket: abc, prefix: x, accessKeyId: k, secretAccessKey: '${S}' }",
      "{ kind: s3, bucket: abc, prefix: x/, accessKeyId: k, secretAccessKey: '${S}' }",
    ],
  ])("that gives one place two names is refused: a copy would count twice", (one, other) => {
    const text = TEXT.replace(
      "  secondary: { kind: directory, path: /mnt/backups }",
      `  secondary: ${one}\n  third: ${other}`,
    );
    expect(complaints(text).join()).toContain(
      'repositories.third: expected a place of its own: "secondary" lies there already',
    );
  });

  test.each(["", "# nothing", "[]", "null", "hello"])("that holds %j is refused", (text) => {
    expect(complaints(text).length).toBeGreaterThan(0);
  });
});

test("an incremental needs the log, except of a database whose full is physical", () => {
  const log = /^ {6}log: .*$/m;
  const only = (method: string) =>
    TEXT.replace(log, `      incremental: { to: [primary] }`).replace(
      "retain: 30d,",
      `retain: 30d, method: ${method},`,
    );
  expect(parse(only("physical")).configuration.systems.database).toMatchObject({
    backup: { full: { method: "physical" }, incremental: { schedule: "0 */6 * * *", retain: 604_800 } },
  });
  expect(() => parse(only("logical"))).toThrow("expected full and log as well");
});

describe("variables", () => {
  test("are put in the place of their names, all of them", () => {
    expect(resolveVariables("${A}-${B}-${A}", (name) => name.toLowerCase())).toBe("a-b-a");
    expect(resolveVariables("no variable, $A and ${a}", () => "x")).toBe("no variable, $A and ${a}");
  });

  test("that are missing are named, and no value is", () => {
    expect(() => resolveVariables("${A}${B}", (name) => (name === "A" ? "secret" : undefined))).toThrow(
      "the environment variable B is not set",
    );
  });

  test("that are empty are values too", () => {
    expect(resolveVariables("[${A}]", () => "")).toBe("[]");
  });
});

test("the place of a repository is told without its keys", () => {
  const s3 = {
    kind: "s3",
    bucket: "b",
    prefix: "p",
    region: "r",
    accessKeyId: "KEY",
    secretAccessKey: "${S}",
  } as const;
  expect(describeLocation(s3)).toBe("s3://b/p in r");
  expect(describeLocation({ ...s3, prefix: "", endpoint: "http://127.0.0.1:1" })).toBe("s3://b at http://127.0.0.1:1");
  expect(describeLocation({ kind: "directory", path: "/mnt" })).toBe("/mnt");
});

test("what the README shows as a holdfast.yaml is one", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const shown = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = ""]) => text);
  const key = "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq";
  const { configuration } = parse(shown.join("").replaceAll("age1…", key), () => true);
  expect(Object.values(configuration.systems).map(({ kind }) => kind)).toContain("git");
  expect(Object.keys(configuration.channels)).toEqual(["mail", "hook"]);
});
