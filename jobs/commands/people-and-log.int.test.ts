import { lstat, mkdir, mkdtemp, open, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { exportEvents, recordAudit } from "@/lib/audit";
import { AUDITOR, OPERATOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { isSignatureValid, sha256 } from "@/lib/kernel/crypto";
import { addAuditCommands } from "./audit";
import { fillFile, openExportFile } from "./audit-export-file";
import { addDrillCommands } from "./drill";
import { addUserCommands } from "./user";

let database: TestDatabase;
let home: string;
beforeAll(async () => {
  database = await openTestDatabase();
  home = await mkdtemp("/tmp/hf-cli-");
  vi.stubEnv("DATABASE_URL", database.databaseUrl);
  vi.stubEnv("HOLDFAST_HOME", home);
  vi.stubEnv("HOLDFAST_LOG_LEVEL", "silent");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.close();
  await rm(home, { recursive: true });
});
beforeEach(() => {
  process.exitCode = undefined;
});

function newProgram(): Command {
  const program = new Command("holdfast").option("--json");
  for (const add of [addAuditCommands, addUserCommands, addDrillCommands]) add(program);
  const quiet = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    command.commands.forEach((child) => quiet(child as Command));
  };
  quiet(program);
  return program;
}

async function holdfast(...args: string[]): Promise<{ out: string; err: string; exitCode: number }> {
  let [out, err] = ["", ""];
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
  try {
    await newProgram().parseAsync(args, { from: "user" });
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
  const exitCode = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { out, err, exitCode };
}

async function json<T>(...args: string[]): Promise<T> {
  const { out, err, exitCode } = await holdfast("--json", ...args);
  expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
  expect(out.trimEnd().split("\n")).toHaveLength(1);
  return JSON.parse(out) as T;
}

describe("holdfast user", () => {
  interface Created {
    user: { id: string; email: string; role: string; disabledAt: string | null };
    password: string;
  }

  it("adds, lists, changes, disables and gives back, each in the log as the shell's act", async () => {
    const { user, password } = await json<Created>(
      "user",
      "add",
      "ann@example.com",
      "--name",
      "Ann",
      "--role",
      "administrator",
    );
    expect(password).toMatch(/^\w{4}(-\w{4}){4}$/);
    await json("user", "add", "bob@example.com", "--name", "Bob", "--role", "viewer");
    expect((await json<Created>("user", "role", "bob@example.com", "auditor")).user.role).toBe("auditor");
    expect((await json<Created>("user", "disable", "bob@example.com")).user.disabledAt).not.toBeNull();
    expect((await json<Created>("user", "disable", "bob@example.com", "--undo")).user.disabledAt).toBeNull();
    expect((await json<Created>("user", "password", "bob@example.com")).password).not.toBe(password);
    expect((await json<{ users: unknown[] }>("user", "list")).users).toHaveLength(2);
    const events = await database.db.auditEvent.findMany({ where: { entityType: "user" }, orderBy: { id: "asc" } });
    expect(events.map(({ action }) => action)).toEqual([
      "user.created",
      "user.created",
      "permission.granted",
      "user.disabled",
      "user.enabled",
      "password.changed",
    ]);
    expect(events.every(({ actorKind, entityId }) => actorKind === "shell" && entityId !== null)).toBe(true);
    expect(events[0]?.entityId).toBe(user.id);
  });

  it("ends with 3 for a guard, 1 for what failed and 2 for wrong usage", async () => {
    const refused = await holdfast("user", "disable", "ann@example.com");
    expect(refused).toMatchObject({ exitCode: 3, out: "" });
    expect(refused.err).toContain('"ann@example.com" is the last administrator');
    expect((await holdfast("user", "disable", "nobody@example.com")).exitCode).toBe(1);
    expect((await holdfast("user", "add", "ann@example.com", "--name", "Ann", "--role", "viewer")).exitCode).toBe(1);
    expect((await holdfast("user", "role", "ann@example.com", "king")).exitCode).toBe(2);
    await expect(holdfast("user", "add", "c@example.com", "--name", "C")).rejects.toThrow(CommanderError);
    const { out } = await holdfast("--json", "user", "disable", "ann@example.com");
    expect(JSON.parse(out)).toMatchObject({ error: { code: "REFUSED", hint: expect.any(String) as string } });
  });
});

describe("holdfast drill", () => {
  interface Task {
    task: { id: string; state: string; doneBy: string };
  }

  it("lists the present periods, completes a line by its name, and leaves the sign-off to someone else", async () => {
    const view = await json<{ periods: { tasks: { requirement: string; id: string }[] }[] }>("drill", "list");
    expect(view.periods.map(({ tasks }) => tasks.length)).toEqual([4, 4, 4]);
    const { task } = await json<Task>(
      "drill",
      "complete",
      "documentation-review",
      "--note",
      "read every page, mended two",
    );
    expect(task).toMatchObject({ state: "done", doneBy: expect.stringMatching(/^shell:/) as string });
    const signed = await holdfast("drill", "sign", task.id);
    expect(signed.exitCode).toBe(3);
    expect(signed.err).toContain("another person");
    expect((await holdfast("drill", "complete", "restore-to-staging")).exitCode).toBe(2);
    expect((await holdfast("drill", "complete", "no-such-line", "--note", "x")).exitCode).toBe(1);
    expect((await holdfast("drill", "list", "--period", "November")).exitCode).toBe(2);
  });

  it("signs off what another person did", async () => {
    const { id } = await database.db.drillTask.findFirstOrThrow({ where: { requirement: "tabletop-exercise" } });
    await database.db.drillTask.update({
      where: { id },
      data: { doneAt: new Date(), doneBy: "ann", doneByLabel: "ann" },
    });
    expect((await json<Task>("drill", "sign", "tabletop-exercise")).task.state).toBe("signed");
    expect((await holdfast("drill", "list")).out).toMatch(/signed +tabletop-exercise/);
  });
});

describe("holdfast audit", () => {
  const exportTo = (file: string, ...more: string[]) =>
    json<{ rows: number; sha256: string; manifest: string; signature: string }>(
      "audit",
      "export",
      "--output",
      file,
      ...more,
    );

  it("shows the newest events and those of a query, harmless to a terminal", async () => {
    const ctx = database.ctx(OPERATOR);
    await ctx.transaction((tx) =>
      recordAudit(tx, ctx, { action: "client.viewed", entity: { type: "client", id: "4711\u001b[2J" } }),
    );
    const { events } = await json<{ events: { action: string }[] }>("audit", "search", "action:client.*");
    expect(events.map(({ action }) => action)).toEqual(["client.viewed"]);
    const { out } = await holdfast("audit", "search", "action:client.*");
    expect(out).toContain("client/4711\uFFFD[2J");
    expect((await json<{ events: unknown[]; nextCursor: string }>("audit", "log", "--limit", "2")).events).toHaveLength(
      2,
    );
    expect(
      (await json<{ events: unknown[] }>("audit", "log", "--from=2000-01-01", "--to", "2000-12-31")).events,
    ).toEqual([]);
  });

  it("refuses a query that it cannot read, with 2", async () => {
    const { err, exitCode } = await holdfast("audit", "search", "who was it");
    expect(exitCode).toBe(2);
    expect(err).toContain("words are not searched");
    expect((await holdfast("audit", "log", "--limit", "many")).exitCode).toBe(2);
  });

  it("reads more than one page for a large limit", async () => {
    const ctx = database.ctx(OPERATOR);
    await ctx.transaction(async (tx) => {
      for (let i = 0; i < 250; i += 1) {
        await recordAudit(tx, ctx, { action: "scan.initiated", entity: { type: "scan", id: String(i) } });
      }
    });
    const { events } = await json<{ events: { id: string }[] }>(
      "audit",
      "search",
      "action:scan.initiated",
      "--limit",
      "1000",
    );
    expect(new Set(events.map(({ id }) => id)).size).toBe(250);
  });

  it.each(["csv", "ndjson", "json"])("exports %s with a manifest whose signature holds", async (format) => {
    const file = join(home, `audit.${format}`);
    const written = await exportTo(file, "--format", format, "--query", "action:scan.*", "--start", "2026-01-01");
    const [body, manifest, signature] = await Promise.all(
      [file, written.manifest, written.signature].map((path) => readFile(path)),
    );
    expect(written).toMatchObject({ rows: 250, sha256: sha256(body ?? "") });
    const said = JSON.parse(String(manifest)) as { publicKey: string };
    expect(said).toMatchObject({
      rows: 250,
      sha256: written.sha256,
      format,
      query: "action:scan.* from:2026-01-01",
      csvGuard: format === "csv" ? "apostrophe-v1" : null,
    });
    expect(isSignatureValid(said.publicKey, manifest ?? Buffer.alloc(0), signature ?? Buffer.alloc(0))).toBe(true);
  });

  it("exports nothing where no file can be written, and leaves no half of one", async () => {
    const before = await database.db.auditEvent.count({ where: { action: "audit.export-started" } });
    const missing = await holdfast("audit", "export", "--output", join(home, "no", "such", "audit.csv"));
    expect(missing.exitCode).toBe(2);
    expect(missing.err).toContain("ENOENT");
    expect(await database.db.auditEvent.count({ where: { action: "audit.export-started" } })).toBe(before);
    expect((await holdfast("audit", "export", "--output", join(home, "x.csv"), "--query", "nonsense")).exitCode).toBe(
      2,
    );
    expect((await readdir(home)).filter((name) => name.startsWith("x.csv"))).toEqual([]);
  });

  it("refuses to put an export in the place of a directory or a link, and leaves it as it is", async () => {
    const [directory, target, link] = [join(home, "directory"), join(home, "target"), join(home, "link")];
    await mkdir(directory);
    await writeFile(target, "as it was");
    await symlink(target, link);
    await symlink(target, join(home, "audit2.csv.manifest.json"));
    for (const output of [directory, link, join(home, "audit2.csv")]) {
      const { exitCode, err } = await holdfast("audit", "export", "--output", output);
      expect(exitCode).toBe(2);
      expect(err).toContain("not a plain file");
    }
    expect((await lstat(directory)).isDirectory()).toBe(true);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(target, "utf8")).toBe("as it was");
    expect((await readdir(home)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("tells a full disk by its name", async () => {
    // Written into, never named as an output: this is what the device is for.
    const full = await open("/dev/full", "r+");
    try {
      await expect(fillFile(full, [Buffer.from("event")], "audit.csv")).rejects.toThrow('"audit.csv" (ENOSPC)');
    } finally {
      await full.close();
    }
  });

  it("leaves no file of an export that broke off, and records it as cut", async () => {
    const ctx = database.ctx(AUDITOR);
    const run = await exportEvents(ctx, { format: "csv" });
    const broken = {
      ...run,
      body: (async function* () {
        for await (const chunk of run.body) {
          yield chunk;
          throw new Error("the connection broke");
        }
      })(),
    };
    const output = join(home, "cut.csv");
    const file = await openExportFile(output);
    await expect(file.write(ctx, broken, home)).rejects.toThrow("the connection broke");
    await file.discard();
    expect((await readdir(home)).filter((name) => name.startsWith("cut.csv"))).toEqual([]);
    const [event] = await database.db.auditEvent.findMany({ where: { action: "audit.exported", entityId: run.id } });
    expect(event?.metadata).toMatchObject({ isComplete: false });
  });
});
