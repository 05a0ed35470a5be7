import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { RebuiltCatalog } from "@/lib/copies";
import type { RepositoriesView } from "@/lib/copies/schemas";
import { generateBackups, writeManifests } from "@/lib/db/test-backups";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate } from "@/lib/db/test-estate";
import type { Engines } from "@/lib/engines/ports";
import { waitFor } from "@/lib/kernel/wait-for";
import { openRepository, repositoryKeys } from "@/lib/repositories";
import { performRunJob } from "../handlers/runs/perform";
import { openEngines } from "../open-engines";
import { addCatalogCommands } from "./catalog";
import { addRepositoryCommands } from "./repository";

let database: TestDatabase;
let home: string;
let engines: Engines;
let manifests: ReturnType<typeof generateBackups>["manifests"];
const { signal } = new AbortController();

beforeAll(async () => {
  database = await openTestDatabase();
  home = await mkdtemp("/var/tmp/hf-repositories-");
  vi.stubEnv("DATABASE_URL", database.databaseUrl);
  vi.stubEnv("HOLDFAST_HOME", home);
  vi.stubEnv("HOLDFAST_LOG_LEVEL", "silent");
  const path = (name: string) => join(home, name);
  for (const name of ["primary", "secondary"]) await mkdir(path(name));
  const systemId = await declareEstate(database, (estate) => {
    estate.repositories = {
      primary: { kind: "directory", path: path("primary") },
      secondary: { kind: "directory", path: path("secondary") },
    };
  });
  engines = await openEngines(database.db, home);
  ({ manifests } = generateBackups(3, { systemId, repositories: [] }));
  for (const name of ["primary", "secondary"]) {
    const { store } = await openRepository(database.jobCtx(engines), name);
    await writeManifests(store, engines.signer, manifests);
  }
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.close();
  await rm(home, { recursive: true });
});

async function holdfast(...args: string[]): Promise<{ out: string; exitCode: number }> {
  const program = new Command("holdfast").option("--json");
  addCatalogCommands(program);
  addRepositoryCommands(program);
  let out = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    process.exitCode = 0;
    await program.parseAsync(args, { from: "user" });
    return { out, exitCode: Number(process.exitCode) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.exitCode = undefined;
  }
}

/** As the runner would. */
async function performNext(): Promise<void> {
  for (;;) {
    const run = await database.db.run.findFirst({ where: { state: "queued" } });
    if (run) return performRunJob(database.jobCtx(engines), { runId: run.id });
    await waitFor(20, signal);
  }
}

test("a catalogue is rebuilt without a runner; what is not signed is refused by name, and the exit code says so", async () => {
  const whole = await holdfast("--json", "catalog", "rebuild", "--repository", "primary");
  expect(JSON.parse(whole.out) as RebuiltCatalog).toMatchObject({ backups: 3, added: 3, refused: [] });
  expect(whole.exitCode).toBe(0);
  const key = repositoryKeys.manifestKey("database", manifests[0]?.id ?? "");
  await (await engines.store("secondary")).delete(repositoryKeys.signatureKey(key), { signal });
  const partly = await holdfast("catalog", "rebuild", "--repository", "secondary");
  expect(partly.out).toContain(`refused: ${key}: the manifest of backup`);
  expect(partly.out).toContain("secondary: 2 backups, 2 of them new to the catalogue");
  expect(partly.exitCode).toBe(1);
});

test("a check that finds losses ends with exit code 1, and the list shows them", async () => {
  const [checked] = await Promise.all([
    holdfast("--json", "repository", "check", "primary", "--read", "--wait"),
    performNext(),
  ]);
  expect(JSON.parse(checked.out)).toMatchObject({ state: "succeeded", backups: { present: 0, missing: 3 } });
  expect(checked.exitCode).toBe(1);
  const { repositories, score } = JSON.parse((await holdfast("--json", "repository", "list")).out) as RepositoriesView;
  expect(repositories.map(({ name, backups }) => [name, backups.missing])).toEqual([
    ["primary", 3],
    ["secondary", 0],
  ]);
  expect(score.find(({ id }) => id === "errors")).toMatchObject({
    state: "no",
    reason: "3 missing or damaged in primary",
  });
  const { out } = await holdfast("repository", "list");
  expect(out).toMatch(/primary .* none .* 3 missing/);
  expect(out).toContain("no       3 copies of the data");
});

test("a repair that cannot mend all of it ends with exit code 3, and orphans are listed", async () => {
  const [repaired] = await Promise.all([
    holdfast("--json", "repository", "repair", "primary", "--wait"),
    performNext(),
  ]);
  expect(JSON.parse(repaired.out)).toMatchObject({ state: "failed", error: { code: "PRECONDITION" } });
  expect(repaired.exitCode).toBe(3);
  expect((await holdfast("repository", "orphans", "primary")).out).toContain("STORED");
});
