import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate } from "@/lib/db/test-estate";
import { getRun } from "@/lib/runs";
import { getVerifier, startSelfTest } from "@/lib/verification";
import type { Engines } from "@/lib/engines/ports";
import { openEngines } from "../../open-engines";
import { performRunJob } from "./perform";

let database: TestDatabase;
let home: string;
let engines: Engines;
beforeAll(async () => {
  database = await openTestDatabase();
  await declareEstate(database);
  home = await mkdtemp("/var/tmp/hf-st-");
  engines = await openEngines(database.db, home);
});
afterAll(async () => {
  await database.close();
  await rm(home, { recursive: true, force: true });
});

async function selfTest(own: Engines = engines) {
  const { runId } = await startSelfTest(database.ctx(OPERATOR));
  await performRunJob(database.jobCtx(own), { runId });
  return getRun(database.ctx(VIEWER), { id: runId });
}

test("the verifier sees each broken backup at the levels that are there for it, and leaves nothing behind", async () => {
  const run = await selfTest();
  expect(run.error).toBeNull();
  const { state, plants } = await getVerifier(database.ctx(VIEWER));
  expect(Object.fromEntries(plants.map(({ plant, caughtAt }) => [plant, caughtAt]))).toEqual({
    empty: "object",
    truncated: "object",
    "flipped-bit": "object",
    "wrong-key": "object",
    "no-footer": "object",
    "no-rows": "object",
    "no-rows-believed": "restore",
    "table-missing": "object",
    "triggers-missing": "object",
    "other-character-set": "restore",
    copied: "object",
    stale: "object",
    "foreign-signature": "object",
    "other-log": "replay",
    "log-hole": "replay",
    good: null,
    "tree-truncated": "object",
    "tree-flipped-bit": "object",
    "tree-file-missing": "restore",
    "tree-other-listing": "restore",
    "tree-copied": "object",
    "tree-good": null,
  });
  // Where two levels must see it, each did by itself.
  expect(plants.filter(({ levels }) => levels.object === "caught" && levels.restore === "caught")).toHaveLength(10);
  expect(plants.find(({ plant }) => plant === "good")?.levels).toEqual({
    object: "passed-good",
    restore: "passed-good",
    replay: "passed-good",
  });
  expect(plants.find(({ plant }) => plant === "tree-good")?.levels).toEqual({
    object: "passed-good",
    restore: "passed-good",
    replay: "not-tried",
  });
  expect(state).toBe("passed");
  expect(await readdir(join(home, "s"))).toEqual([]);
});
