import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeIdentity } from "@/demo/parts/make-identity";
import { type FilesManifest, planBackup, startBackup } from "@/lib/backups";
import { planCheck, planRepair, startCheck, startRepair } from "@/lib/copies";
import type { JobCtx } from "@/lib/db/context";
import { type TestDatabase, OPERATOR, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import type { Engines } from "@/lib/engines/ports";
import { planRestore, startRestore } from "@/lib/recovery";
import type { ClaimedRun, RunPlan } from "@/lib/runs";
import { applyConfiguration } from "@/lib/settings";
import { planVerification, startVerification } from "@/lib/verification";
import { restoreOffline } from "../commands/restore-offline";
import { openEngines } from "../open-engines";
import { performToEnd } from "./perform-to-end";

/** Files, code and configuration with secrets, by the real programs: stored, continued, lost and brought back. */

let work: string;
let database: TestDatabase;
let engines: Engines;
let identityFile: string;
let recipient: string;

const path = (...names: string[]) => join(work, ...names);

function estate() {
  const to = ["primary", "secondary"];
  const common = { impact: "high", rto: "6h", rpo: "24h" };
  return {
    project: { name: "MyProject", contact: "ops-team@example.com" },
    objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
    variables: { REPO_PATH: path("app") },
    keys: { recipients: [recipient], identityFile },
    repositories: {
      primary: { kind: "directory", path: path("primary") },
      secondary: { kind: "directory", path: path("secondary") },
    },
    systems: {
      uploads: {
        ...common,
        kind: "files",
        path: "{{REPO_PATH}}",
        include: ["storage", "public/uploads"],
        exclude: ["storage/cache"],
        backup: { full: { to }, incremental: { to } },
      },
      secrets: { ...common, kind: "files", path: path("secrets"), secrets: true, backup: { full: { to } } },
      code: { ...common, kind: "git", path: path("repository"), backup: { full: { to } } },
    },
  };
}

beforeAll(async () => {
  work = await mkdtemp("/var/tmp/hf-trees-");
  database = await openTestDatabase();
  for (const name of [
    "primary",
    "secondary",
    "home",
    "secrets",
    "app/storage/cache",
    "app/public/uploads",
    "repository",
  ]) {
    await mkdir(path(name), { recursive: true, mode: 0o700 });
  }
  identityFile = path("identity.txt");
  ({ recipient } = await makeIdentity(identityFile));
  await writeFile(path("secrets/.env"), "APP_KEY=base64:one\n");
  await writeFile(path("app/storage/cache/x"), "left out");
  for (const name of ["one", "two", "three"]) await writeFile(path("app/storage", name), randomBytes(50_000));
  await writeFile(path("app/public/uploads/photo é\n.jpg"), randomBytes(10_000));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.com", ...args], { cwd: path("repository") });
  git("init", "-q", "-b", "main");
  await writeFile(path("repository/README"), "hello");
  git("add", ".");
  git("commit", "-qm", "one");
  git("tag", "v1");
  await applyConfiguration(database.ctx(), { text: JSON.stringify(estate()) });
  engines = await openEngines(database.db, path("home"));
});

afterAll(async () => {
  await database.close();
  await rm(work, { recursive: true, force: true });
});

const finish = <Shared>(runId: string, plan: (ctx: JobCtx, run: ClaimedRun) => Promise<RunPlan<Shared>>) =>
  performToEnd({ runner: database.jobCtx(engines), reader: database.ctx(VIEWER) }, runId, plan);

async function take(system: string, type: "full" | "incremental" = "full") {
  const { runId } = await startBackup(database.ctx(OPERATOR), { system, type });
  const { run, said } = await finish(runId, planBackup);
  expect({ state: run.state, error: run.error, said }).toMatchObject({ state: "succeeded" });
  return run.backupId ?? "";
}

async function restore(system: string, directory: string, more: { at?: string; from?: string } = {}) {
  const { runId } = await startRestore(database.ctx(OPERATOR), { system, to: `dir:${directory}`, ...more });
  return finish(runId, planRestore);
}

const treeOf = (directory: string) =>
  execFileSync(
    "sh",
    ["-c", "find storage public/uploads -type f ! -path 'storage/cache*' -exec sha256sum {} + | LC_ALL=C sort"],
    {
      cwd: directory,
    },
  ).toString();

const script = (...args: string[]) =>
  execFileSync("sh", [path("primary/restore.sh"), ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

describe("files", () => {
  let full: string;
  let afterFull: string;
  let second: string;

  test("are stored as archive, snapshot and listing in both repositories, with what a restore is compared with", async () => {
    full = await take("uploads");
    afterFull = treeOf(path("app"));
    const row = await database.db.backup.findUniqueOrThrow({ where: { id: full }, include: { copies: true } });
    expect(row).toMatchObject({ state: "complete", type: "full", method: "tar", lossy: [] });
    expect(row.copies.map(({ state }) => state)).toEqual(["present", "present"]);
    const manifest = row.manifest as unknown as FilesManifest;
    expect(manifest).toMatchObject({ parent: null, secretsFingerprint: null, counts: { files: 4 } });
    for (const repository of ["primary", "secondary"]) {
      expect((await readdir(path(repository, "systems/uploads", full))).sort()).toEqual([
        "files.tar.zst.age",
        "listing.zst.age",
        "manifest.json",
        "manifest.json.sig",
        "snapshot.zst.age",
      ]);
    }
  });

  test("are continued by increments, each from the newest backup that every repository holds", async () => {
    database.clock.advance(60_000);
    await rm(path("app/storage/one"));
    await writeFile(path("app/storage/two"), "changed");
    const first = await take("uploads", "incremental");
    await mkdir(path("app/storage/deep"));
    await rename(path("app/storage/three"), path("app/storage/deep/three"));
    database.clock.advance(60_000);
    second = await take("uploads", "incremental");
    const rows = await database.db.backup.findMany({ where: { type: "incremental" }, orderBy: { startedAt: "asc" } });
    expect(rows.map(({ id, parentId }) => [id, parentId])).toEqual([
      [first, full],
      [second, first],
    ]);
  });

  test("come back with all that they continue, and nothing of what was deleted", async () => {
    const { run } = await restore("uploads", path("restored"));
    expect(run).toMatchObject({
      state: "succeeded",
      result: { backupId: second, target: { directory: path("restored") } },
    });
    expect(treeOf(path("restored"))).toBe(treeOf(path("app")));
    expect((await readdir(path("restored/storage"))).sort()).toEqual(["deep", "two"]);
  });

  test("come back as of a time, from one repository alone", async () => {
    const { endedAt } = await database.db.backup.findUniqueOrThrow({ where: { id: full } });
    const at = endedAt?.toISOString() ?? "";
    const { run } = await restore("uploads", path("earlier"), { at, from: "secondary" });
    expect(run).toMatchObject({ state: "succeeded", result: { backupId: full, fromRepository: "secondary" } });
    expect(treeOf(path("earlier"))).toBe(afterFull);
  });

  test("come back by the script in the repository, and with no console", async () => {
    expect(script("list", path("primary"))).toMatch(/uploads {2}incremental/);
    script("verify", path("primary"), "uploads", second);
    script("files", path("primary"), "uploads", second, path("by-script"), identityFile);
    expect(treeOf(path("by-script"))).toBe(treeOf(path("app")));
    const answer = await restoreOffline({
      system: "uploads",
      repository: path("secondary"),
      identity: identityFile,
      to: `dir:${path("offline")}`,
      at: "latest",
    });
    await answer.afterwards?.();
    expect(answer.json).toMatchObject({ state: "succeeded", backupId: second });
    expect(treeOf(path("offline"))).toBe(treeOf(path("app")));
  });

  test("are not put where something lies, and leave nothing half-done", async () => {
    const { run } = await restore("uploads", path("app"));
    expect(run).toMatchObject({ state: "failed" });
    expect(run.error?.message).toMatch(/holds something already/);
    const other = path("primary/systems/uploads", full, "files.tar.zst.age");
    await copyFile(other, path("kept"));
    await chmod(other, 0o600);
    const bytes = await readFile(other);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 50) ^ 1, bytes.length - 50);
    await writeFile(other, bytes);
    const damaged = await restore("uploads", path("damaged"), { from: "primary" });
    expect(damaged.run.state).toBe("failed");
    expect((await readdir(work)).filter((name) => name.includes("damaged"))).toEqual([]);
    expect(() => script("files", path("primary"), "uploads", second, path("bad"), identityFile)).toThrow(/damaged/);
    await copyFile(path("kept"), other);
  });

  test("ask for a full when the declaration was changed, and refuse targets that are servers", async () => {
    const changed = estate();
    changed.systems.uploads.exclude = [];
    await applyConfiguration(database.ctx(), { text: JSON.stringify(changed) });
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "uploads", type: "incremental" });
    const { run } = await finish(runId, planBackup);
    expect(run.error).toMatchObject({ message: expect.stringMatching(/declaration of "uploads" was changed/) });
    await applyConfiguration(database.ctx(), { text: JSON.stringify(estate()) });
    await expect(startRestore(database.ctx(OPERATOR), { system: "uploads", to: "scratch" })).rejects.toThrow(
      /no server/,
    );
  });
});

describe("secrets", () => {
  test("are refused where nothing would encrypt them", async () => {
    const plain = estate();
    plain.keys.recipients = [];
    await expect(applyConfiguration(database.ctx(), { text: JSON.stringify(plain) })).rejects.toThrow(
      /always encrypted/,
    );
  });

  test("are known again: a restore beside others says so", async () => {
    const id = await take("secrets");
    const row = await database.db.backup.findUniqueOrThrow({ where: { id } });
    const { secretsFingerprint } = row.manifest as unknown as FilesManifest;
    expect(secretsFingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(row.manifest)).not.toContain("APP_KEY");
    const same = await restore("secrets", path("same"));
    expect(same).toMatchObject({ run: { error: null, result: { secrets: "same" } } });
    await writeFile(path("secrets/.env"), "APP_KEY=base64:two\n");
    const { run, said } = await restore("secrets", path("different"));
    expect(run).toMatchObject({ state: "succeeded", result: { secrets: "different" } });
    expect(said).toMatch(/are others than those in use/);
    expect(await readFile(path("different/.env"), "utf8")).toContain("one");
  });
});

describe("code", () => {
  test("is one verified bundle, and comes back with every ref", async () => {
    const id = await take("code");
    const refs = (directory: string) => execFileSync("git", ["for-each-ref"], { cwd: directory }).toString();
    const { run } = await restore("code", path("code-restored"));
    expect(run).toMatchObject({ state: "succeeded", result: { backupId: id } });
    expect(refs(path("code-restored"))).toBe(refs(path("repository")));
    expect(await readFile(path("code-restored/README"), "utf8")).toBe("hello");
    script("code", path("primary"), "code", id, path("code-by-script"), identityFile);
    expect(refs(path("code-by-script"))).toBe(refs(path("repository")));
    expect(await readFile(path("code-by-script/README"), "utf8")).toBe("hello");
  });

  test("is proven by its refs: by git itself as it is read back, and in a repository of its own", async () => {
    const verify = async (level: "object" | "restore" | "replay") => {
      const { runId } = await startVerification(database.ctx(OPERATOR), { system: "code", level, from: "primary" });
      await finish(runId, planVerification);
      return database.db.verification.findFirstOrThrow({ where: { runId } });
    };
    for (const level of ["object", "restore"] as const) expect(await verify(level)).toMatchObject({ verdict: "pass" });
    await expect(verify("replay")).rejects.toThrow(/no log that could be replayed/);
    const { id } = await database.db.backup.findFirstOrThrow({ where: { system: { name: "code" } } });
    const object = path("primary/systems/code", id, "code.bundle.zst.age");
    const good = await readFile(object);
    await rm(object);
    await writeFile(object, good.subarray(0, good.length - 30));
    for (const level of ["object", "restore"] as const) {
      expect(await verify(level)).toMatchObject({ verdict: "backup-bad" });
    }
    await rm(object);
    await writeFile(object, good);
  });

  test("has a copy that a check misses or finds damaged, and that a repair brings back", async () => {
    const { id } = await database.db.backup.findFirstOrThrow({ where: { system: { name: "code" } } });
    const check = async () => {
      const { runId } = await startCheck(database.ctx(OPERATOR), { repository: "primary", read: "all" });
      const { run } = await finish(runId, planCheck);
      return run.result?.backups;
    };
    const stateOf = async () =>
      (await database.db.backupCopy.findFirstOrThrow({ where: { backupId: id, repository: { name: "primary" } } }))
        .state;
    const object = path("primary/systems/code", id, "code.bundle.zst.age");
    const bytes = await readFile(object);
    const bad = Buffer.from(bytes);
    bad.writeUInt8(bad.readUInt8(40) ^ 1, 40);
    await rm(object);
    await writeFile(object, bad);
    expect(await check()).toMatchObject({ damaged: 1 });
    expect(await stateOf()).toBe("damaged");
    await rm(path("primary/systems/code", id), { recursive: true });
    expect(await check()).toMatchObject({ missing: 1 });
    const { runId } = await startRepair(database.ctx(OPERATOR), { repository: "primary" });
    expect((await finish(runId, planRepair)).run.state).toBe("succeeded");
    expect(await stateOf()).toBe("present");
    expect(await readFile(object)).toEqual(bytes);
  });
});

test("files that grow, shrink and are replaced while they are read are named by the run and the catalogue, and the rest comes back", async () => {
  const own = (name: string) => path("app/storage", name);
  for (const name of ["grows", "shrinks", "replaced", "stays"]) await writeFile(own(name), randomBytes(300_000));
  const ended = new AbortController();
  /** From before the first listing to after the last. */
  const disturbing = (async () => {
    for (let round = 1; !ended.signal.aborted; round += 1) {
      await appendFile(own("grows"), randomBytes(1_000));
      await truncate(own("shrinks"), Math.max(0, 300_000 - round * 100));
      await writeFile(own("new"), randomBytes(300_000));
      await rename(own("new"), own("replaced"));
    }
  })();
  const id = await take("uploads").finally(() => ended.abort());
  await disturbing;
  const lossy = (await database.db.backup.findUniqueOrThrow({ where: { id } })).lossy as string[];
  for (const name of ["grows", "shrinks", "replaced"]) {
    expect(lossy).toContainEqual(expect.stringMatching(new RegExp(`storage/${name}.*changing while it was read`)));
  }
  expect(lossy.filter((line) => line.includes("storage/stays"))).toEqual([]);
  const { run } = await restore("uploads", path("back-disturbed"));
  expect(run.error).toBeNull();
  expect(await readFile(path("back-disturbed/storage/stays"))).toEqual(await readFile(own("stays")));
});
