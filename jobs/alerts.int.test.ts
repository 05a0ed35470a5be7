import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Command } from "commander";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startBackup } from "@/lib/backups";
import { OPERATOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { testEstate } from "@/lib/db/test-estate";
import { signHmac } from "@/lib/kernel/crypto";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";
import { listAlerts } from "@/lib/alerts";
import { applyConfiguration, loadConfiguration } from "@/lib/settings";
import { addAlertCommands } from "./commands/alert";
import { checkChannels } from "./doctor/check-channels";
import { openEngines } from "./open-engines";
import { type Runner, startRunner } from "./runner";

/* A real runner, a real mail server, a real receiver: what the standard asks for, end to end. */

const SECRET = "a-shared-secret";
const never = new AbortController().signal;
let database: TestDatabase;
let home: string;
let mail: SMTPServer;
let hook: Server;
let runner: Runner;
const mails: { to: string; source: string }[] = [];
const posts: { headers: IncomingHttpHeaders; body: string }[] = [];

function startMail(): Promise<number> {
  mail = new SMTPServer({
    logger: false,
    disabledCommands: ["AUTH", "STARTTLS"],
    onRcptTo: ({ address }, _, answer) =>
      answer(address === "gone@example.com" ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null),
    onData: (stream, session, answer) => {
      let source = "";
      stream.on("data", (chunk: Buffer) => (source += chunk.toString()));
      stream.on("end", () => {
        mails.push({ to: session.envelope.rcptTo.map((each) => each.address).join(), source });
        answer();
      });
    },
  });
  return new Promise((resolve) => {
    mail.listen(0, "127.0.0.1", () => resolve((mail.server.address() as AddressInfo).port));
  });
}

function startHook(): Promise<number> {
  hook = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      posts.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  return new Promise((resolve) => hook.listen(0, "127.0.0.1", () => resolve((hook.address() as AddressInfo).port)));
}

const now = () => ({ ...database.ctx(OPERATOR), now: () => new Date() });

beforeAll(async () => {
  database = await openTestDatabase();
  home = await mkdtemp("/var/tmp/hf-alerts-");
  const [mailPort, hookPort] = await Promise.all([startMail(), startHook()]);
  vi.stubEnv("DATABASE_URL", database.databaseUrl);
  vi.stubEnv("HOLDFAST_HOME", home);
  vi.stubEnv("HOLDFAST_LOG_LEVEL", "silent");
  vi.stubEnv("DB_PASSWORD", "unused");
  vi.stubEnv("HOOK_URL", `http://127.0.0.1:${hookPort}/token/verysecret`);
  vi.stubEnv("HOOK_SECRET", SECRET);
  const declared = testEstate();
  const { database: system } = declared.systems;
  // Nothing listens there: a backup fails for real.
  const connection = { ...system.connection, port: 1 };
  const systems = { database: { ...system, connection, owner: "dba@example.com", deputy: "gone@example.com" } };
  const channels = {
    mail: { kind: "smtp", url: `smtp://127.0.0.1:${mailPort}`, to: ["ops-team@example.com"] },
    hook: { kind: "webhook", url: "${HOOK_URL}", secret: "${HOOK_SECRET}" },
    away: { kind: "smtp", url: "smtp://127.0.0.1:1", to: ["ops-team@example.com"] },
  };
  const text = JSON.stringify({ ...declared, systems, targets: {}, channels });
  await applyConfiguration({ ...database.ctx(), now: () => new Date() }, { text });
  runner = await startRunner({
    databaseUrl: database.databaseUrl,
    home,
    logLevel: "silent",
    site: "primary",
    labels: [],
  });
});
afterAll(async () => {
  await runner.stop();
  await new Promise<void>((resolve) => mail.close(() => resolve()));
  hook.close();
  vi.unstubAllEnvs();
  await database.close();
  await rm(home, { recursive: true });
});

async function untilDelivered(count: number) {
  for (;;) {
    const { alerts } = await listAlerts(now(), { state: "open" });
    const ended = alerts[0]?.deliveries.filter((each) => each.state !== "pending") ?? [];
    if (ended.length === count) return { alerts, ended };
    await waitFor(100, never);
  }
}

test("a backup that fails reaches the people and the receiver within a minute; a refused mail shows as undelivered", async () => {
  const startedMs = monotonicMs();
  await startBackup(now(), { system: "database" });
  const { alerts, ended } = await untilDelivered(4);
  expect(monotonicMs() - startedMs).toBeLessThan(60_000);
  expect(alerts).toMatchObject([{ kind: "backup-failed", occurrences: 1, title: "Database: full backup failed" }]);
  expect(ended.map((each) => [each.channel, each.recipient, each.state])).toEqual([
    ["hook", "${HOOK_URL}", "delivered"],
    ["mail", "dba@example.com", "delivered"],
    ["mail", "gone@example.com", "undelivered"],
    ["mail", "ops-team@example.com", "delivered"],
  ]);
  expect(ended[2]?.lastAnswer).toContain("550 no such user");
  expect(alerts[0]?.deliveries.filter((each) => each.channel === "away")).toMatchObject([
    { state: "pending" },
    { state: "pending" },
    { state: "pending" },
  ]);
  expect(mails.map((each) => each.to).sort()).toEqual(["dba@example.com", "ops-team@example.com"]);
  expect(mails[0]?.source).toContain("Subject: [MyProject] high: Database: full backup failed");
  expect(posts).toHaveLength(1);
  const { headers, body } = posts[0] ?? { headers: {} as IncomingHttpHeaders, body: "" };
  const [, t = "", v1] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(headers["holdfast-signature"])) ?? [];
  expect(v1).toBe(signHmac(SECRET, `${t}.${body}`));
  expect(JSON.stringify([alerts, mails, body])).not.toMatch(/verysecret|a-shared-secret/);
});

async function holdfast(...args: string[]): Promise<{ out: string; exitCode: number }> {
  let out = "";
  const program = new Command("holdfast").option("--json");
  addAlertCommands(program);
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    await program.parseAsync(["--json", ...args], { from: "user" });
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
  const exitCode = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { out, exitCode };
}

test("the doctor says which channel works, and which did not reach somebody", async () => {
  const ctx = { ...now(), db: database.db };
  const { configuration } = await loadConfiguration(ctx);
  const engines = await openEngines(database.db, home);
  const findings = await checkChannels(ctx, engines, configuration);
  expect(findings.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["channel mail", expect.stringMatching(/ok|fail/)],
    ["channel hook", "ok"],
    ["channel away", "warn"],
  ]);
  vi.stubEnv("HOOK_SECRET", undefined);
  expect((await checkChannels(ctx, engines, configuration))[1]).toMatchObject({
    verdict: "fail",
    message: "the environment variable HOOK_SECRET is not set",
  });
  vi.stubEnv("HOOK_SECRET", SECRET);
  const none = await checkChannels(ctx, engines, { ...configuration, channels: {} });
  expect(none).toMatchObject([{ verdict: "warn", message: expect.stringContaining("nobody hears") as string }]);
});

test("the command line tests a channel, lists what is open and takes it", async () => {
  const mailed = await holdfast("alert", "test", "mail");
  expect(mailed.exitCode).toBe(0);
  expect(JSON.parse(mailed.out)).toMatchObject({ channel: "mail", delivered: true });
  const away = await holdfast("alert", "test", "away");
  expect(away.exitCode).toBe(1);
  expect(JSON.parse(away.out)).toMatchObject({
    delivered: false,
    deliveries: [{ state: "undelivered", attempts: 1, lastAnswer: expect.stringContaining("refused") as string }],
  });
  expect((await holdfast("alert", "test", "pager")).exitCode).toBe(1);
  const { alerts } = await listAlerts(now(), { state: "open" });
  const taken = await holdfast("alert", "ack", alerts[0]?.id ?? "");
  expect(JSON.parse(taken.out)).toMatchObject({ alert: { state: "acknowledged" } });
  const listed = await holdfast("alert", "list");
  expect(JSON.parse(listed.out)).toMatchObject({
    alerts: [{ state: "acknowledged" }],
    channels: ["mail", "hook", "away"],
  });
});
