import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeIdentity } from "@/demo/parts/make-identity";
import { type FileLogManifest, claimSlots, listChains, planBackup, readReach, startBackup } from "@/lib/backups";
import { planCheck, planRepair, rebuildCatalog, startCheck, startRepair } from "@/lib/copies";
import type { JobCtx } from "@/lib/db/context";
import {
  type TestDatabase,
  ADMINISTRATOR,
  OPERATOR,
  VIEWER,
  openTestDatabase,
  systemActor,
} from "@/lib/db/test-database";
import type { Engines } from "@/lib/engines/ports";
import { planRestore, previewRestore, startRestore } from "@/lib/recovery";
import { planRetention } from "@/lib/retention";
import type { ClaimedRun, RunPlan } from "@/lib/runs";
import { applyConfiguration } from "@/lib/settings";
import { claimVerifications, planVerification, startVerification } from "@/lib/verification";
import { restoreOffline } from "../commands/restore-offline";
import { openEngines } from "../open-engines";
import { performToEnd } from "./perform-to-end";

/** Logs among files, by the real programs: appended bytes stored, lost with their tree, and brought back on it. */

let work: string;
let database: TestDatabase;
let engines: Engines;
let identityFile: string;
let recipient: string;
let systemId: string;

const path = (...names: string[]) => join(work, ...names);
const log = (name: string) => path("app/logs", name);

function estate() {
  const to = ["primary", "secondary"];
  return {
    project: { name: "MyProject", contact: "ops-team@example.com" },
    objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
    keys: { recipients: [recipient], identityFile },
    repositories: {
      primary: { kind: "directory", path: path("primary") },
      secondary: { kind: "directory", path: path("secondary") },
    },
    systems: {
      logs: {
        impact: "high",
        rto: "6h",
        rpo: "15m",
        kind: "files",
        path: path("app"),
        include: ["logs"],
        backup: { full: { to }, incremental: { to }, log: { to } },
      },
    },
  };
}

beforeAll(async () => {
  work = await mkdtemp("/var/tmp/hf-logs-");
  database = await openTestDatabase();
  for (const name of ["primary", "secondary", "home", "app/logs"]) {
    await mkdir(path(name), { recursive: true, mode: 0o700 });
  }
  identityFile = path("identity.txt");
  ({ recipient } = await makeIdentity(identityFile));
  await applyConfiguration(database.ctx(), { text: JSON.stringify(estate()) });
  ({ id: systemId } = await database.db.system.findUniqueOrThrow({ where: { name: "logs" } }));
  engines = await openEngines(database.db, path("home"));
});

afterAll(async () => {
  await database.close();
  await rm(work, { recursive: true, force: true });
});

const finish = <Shared>(runId: string, plan: (ctx: JobCtx, run: ClaimedRun) => Promise<RunPlan<Shared>>) =>
  performToEnd({ runner: database.jobCtx(engines), reader: database.ctx(VIEWER) }, runId, plan);

async function take(type: "full" | "incremental" | "log") {
  database.clock.advance(60_000);
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "logs", type });
  const { run, said } = await finish(runId, planBackup);
  expect({ state: run.state, error: run.error, said }).toMatchObject({ state: "succeeded" });
  return run.backupId ?? "";
}

async function restore(directory: string, more: { at?: string; from?: string } = {}) {
  const { runId } = await startRestore(database.ctx(OPERATOR), { system: "logs", to: `dir:${directory}`, ...more });
  return finish(runId, planRestore);
}

async function verify(level: "object" | "restore" | "replay") {
  const { runId } = await startVerification(database.ctx(OPERATOR), { system: "logs", level });
  return finish(runId, planVerification);
}

const textsOf = async (directory: string) => {
  const names = (await readdir(directory)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), "utf8")])),
  );
};

const reachOf = async (repository: string) => {
  const lanes = (await readReach(database.ctx(), [{ id: systemId, repositories: ["primary", "secondary"] }])).get(
    systemId,
  );
  return lanes?.find((lane) => lane.repository === repository)?.best;
};

const manifestOf = async (id: string) =>
  (await database.db.backup.findUniqueOrThrow({ where: { id } })).manifest as unknown as FileLogManifest;

let full: string;
let last: string;

test("each backup of logs holds what was appended since the one before, through a rotation, and says what was cut", async () => {
  await writeFile(log("app.log"), "one\n");
  const first = await manifestOf(await take("log"));
  expect(first).toMatchObject({ after: null, events: [{ kind: "new", path: "./logs/app.log" }], gone: [] });
  full = await take("full");
  await appendFile(log("app.log"), "two\n");
  const second = await manifestOf(await take("log"));
  expect(second).toMatchObject({ after: { id: first.id }, chunks: [{ start: 4, end: 8 }] });
  await rename(log("app.log"), log("app.log.1"));
  await writeFile(log("app.log"), "three\n");
  await writeFile(log("jobs.log"), "job 1\njob 2\n");
  await take("log");
  await truncate(log("jobs.log"), 0);
  last = await take("log");
  const row = await database.db.backup.findUniqueOrThrow({ where: { id: last }, include: { copies: true } });
  expect(row).toMatchObject({ state: "complete", type: "log", method: "append" });
  expect(row.lossy).toEqual([expect.stringMatching(/jobs\.log: was cut/)]);
  expect(row.copies.map(({ state }) => state)).toEqual(["present", "present"]);
  expect((await readdir(path("primary/systems/logs", last))).sort()).toEqual([
    "logs.tar.zst.age",
    "manifest.json",
    "manifest.json.sig",
  ]);
});

test("they bring the tree forward to the newest of them, from either repository, and to a time before it", async () => {
  const { run } = await restore(path("restored"), { from: "secondary" });
  expect(run).toMatchObject({ state: "succeeded", result: { backupId: full, fromRepository: "secondary" } });
  const before = await textsOf(path("app/logs"));
  expect(before).toEqual({ "app.log": "three\n", "app.log.1": "one\ntwo\n", "jobs.log": "" });
  expect(await textsOf(path("restored/logs"))).toEqual(before);
  const { endedAt } = await database.db.backup.findFirstOrThrow({
    where: { type: "log" },
    skip: 1,
    orderBy: { id: "asc" },
  });
  const earlier = await restore(path("earlier"), { at: endedAt?.toISOString() ?? "" });
  expect(earlier.run.state).toBe("succeeded");
  expect(await textsOf(path("earlier/logs"))).toEqual({ "app.log": "one\ntwo\n" });
});

test("they come back with no console, and by the script in the repository", async () => {
  const answer = await restoreOffline({
    system: "logs",
    repository: path("secondary"),
    identity: identityFile,
    to: `dir:${path("offline")}`,
    at: "latest",
  });
  await answer.afterwards?.();
  expect(answer.json).toMatchObject({ state: "succeeded", backupId: full });
  expect(await textsOf(path("offline/logs"))).toEqual(await textsOf(path("app/logs")));
  const script = (...args: string[]) => execFileSync("sh", [path("primary/restore.sh"), ...args], { stdio: "pipe" });
  script("verify", path("primary"), "logs", last);
  script("logs", path("primary"), "logs", last, path("by-script"), identityFile);
  const texts = Object.values(await textsOf(path("by-script"))).sort();
  expect(texts).toEqual(["job 1\njob 2\n", "one\ntwo\n", "three\n"]);
});

test("the system is recoverable to the newest of them, and the wizard's chain tells it", async () => {
  const { startedAt } = await database.db.backup.findUniqueOrThrow({ where: { id: last } });
  expect(await reachOf("primary")).toMatchObject({ backupId: full, to: startedAt });
  const page = await listChains(database.ctx(VIEWER), { system: "logs", repository: "secondary" });
  expect(page.chains).toMatchObject([{ backupId: full, log: { files: 3 } }]);
  const preview = await previewRestore(database.ctx(VIEWER), { system: "logs", to: `dir:${path("x")}` });
  expect(preview).toMatchObject({
    points: "backups",
    targetRefusal: null,
    chains: [{ backupId: full, increments: 0 }, {}],
  });
});

describe("what is proven of them", () => {
  test("object, restore and replay pass; a level that nothing reaches is refused", async () => {
    for (const level of ["object", "restore", "replay"] as const) {
      const { run, said } = await verify(level);
      expect({ state: run.state, error: run.error, said }).toMatchObject({ state: "succeeded" });
    }
    await expect(startVerification(database.ctx(OPERATOR), { system: "logs", level: "application" })).rejects.toThrow(
      /no application/,
    );
    expect((await readdir(path("home/s"))).filter((name) => name.includes("tree"))).toEqual([]);
  });

  test("a daily round is started and passes", async () => {
    database.clock.set("2026-11-24T04:01:00Z");
    const { started } = await claimVerifications(database.ctx(systemActor("runner")));
    const rounds = await database.db.run.findMany({ where: { id: { in: started } } });
    const daily = rounds.find(({ parameters }) => (parameters as { cadence: string }).cadence === "daily");
    const { run, said } = await finish(daily?.id ?? "", planVerification);
    expect({ state: run.state, error: run.error, said }).toMatchObject({ state: "succeeded" });
  });

  test("a flipped bit of the tree, or of a log, is a bad backup", async () => {
    for (const [id, part] of [
      [full, "files.tar.zst.age"],
      [last, "logs.tar.zst.age"],
    ] as const) {
      const object = path("primary/systems/logs", id, part);
      const good = await readFile(object);
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(bad.length - 20) ^ 1, bad.length - 20);
      await rm(object);
      await writeFile(object, bad);
      const { runId } = await startVerification(database.ctx(OPERATOR), {
        backup: full,
        level: "object",
        from: "primary",
      });
      await finish(runId, planVerification);
      const row = await database.db.verification.findFirstOrThrow({ where: { runId } });
      expect(row).toMatchObject({ verdict: "backup-bad", repositoryName: "primary" });
      await rm(object);
      await writeFile(object, good);
    }
  });
});

test("missing copies of a tree and of its logs are found and mended, and a lost catalogue knows them again", async () => {
  for (const id of [full, last]) await rm(path("primary/systems/logs", id), { recursive: true });
  const check = await finish(
    (await startCheck(database.ctx(OPERATOR), { repository: "primary", read: "all" })).runId,
    planCheck,
  );
  expect(check.run.result).toMatchObject({ backups: { missing: 2 } });
  expect(await reachOf("primary")).toBeNull();
  const repair = await finish((await startRepair(database.ctx(OPERATOR), { repository: "primary" })).runId, planRepair);
  expect(repair.run.state).toBe("succeeded");
  const rows = () => database.db.backup.findMany({ orderBy: { id: "asc" }, omit: { runId: true, endedAt: true } });
  const before = await rows();
  await database.db.verification.deleteMany();
  await database.db.backupCopy.deleteMany();
  await database.db.backup.deleteMany();
  for (const repository of ["primary", "secondary"]) {
    await rebuildCatalog({ ...database.jobCtx(engines), actor: database.ctx(ADMINISTRATOR).actor }, { repository });
  }
  expect(await rows()).toEqual(before);
});

test("a repository that missed one gets its bytes with the next, and is brought forward over it", async () => {
  await appendFile(log("app.log"), "four\n");
  await rename(path("secondary"), path("away"));
  database.clock.advance(60_000);
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "logs", type: "log" });
  const { run } = await finish(runId, planBackup);
  expect(run.state).toBe("failed");
  await rename(path("away"), path("secondary"));
  await appendFile(log("app.log"), "five\n");
  const next = await manifestOf(await take("log"));
  expect(next.after?.id).toBe(last);
  for (const from of ["primary", "secondary"]) {
    expect((await restore(path(`after-${from}`), { from })).run.state).toBe("succeeded");
    expect(await textsOf(path(`after-${from}`, "logs"))).toEqual(await textsOf(path("app/logs")));
  }
});

test("a slot falls due each quarter of an hour, and retention keeps what a full that stays needs", async () => {
  database.clock.advance(900_000);
  const { started } = await claimSlots(database.ctx(systemActor("runner")));
  const runs = await database.db.run.findMany({ where: { id: { in: started } } });
  const ownLog = runs.find(({ parameters }) => (parameters as { type: string }).type === "log");
  expect((await finish(ownLog?.id ?? "", planBackup)).run.state).toBe("succeeded");
  database.clock.advance(5 * 86_400_000);
  const [plan] = (await planRetention(database.ctx(VIEWER), { system: "logs" })).plans;
  const kept = plan?.kept.filter(({ title }) => title.startsWith("log"));
  expect(kept?.length).toBeGreaterThan(0);
  expect(plan?.removals.map(({ title }) => title)).toEqual(expect.arrayContaining([expect.stringMatching(/^log/)]));
});
