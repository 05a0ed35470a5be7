import { Command } from "commander";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate } from "@/lib/db/test-estate";
import { newId } from "@/lib/kernel/ids";
import { systemNow } from "@/lib/kernel/time";
import { addRetentionCommands } from "./retention";

const DAY_MS = 86_400_000;
let database: TestDatabase;
let systemId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  vi.stubEnv("DATABASE_URL", database.databaseUrl);
  vi.stubEnv("HOLDFAST_LOG_LEVEL", "silent");
  systemId = await declareEstate(database, (estate) => Object.assign(estate, { retention: { keepProven: 1 } }));
  const repository = await database.db.repository.findUniqueOrThrow({ where: { name: "primary" } });
  for (const days of [60, 50, 40, 1]) {
    const startedAt = new Date(systemNow().getTime() - days * DAY_MS);
    const backupId = newId();
    const copy = { repositoryId: repository.id, state: "present", sizeBytes: 1_024 };
    await database.db.backup.create({
      data: {
        id: backupId,
        systemId,
        type: "full",
        method: "logical",
        state: "complete",
        startedAt,
        copies: { create: [copy] },
      },
    });
    await database.db.verification.create({
      data: {
        id: newId(),
        systemId,
        backupId,
        repositoryName: "primary",
        level: "restore",
        verdict: "pass",
        at: startedAt,
      },
    });
  }
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.close();
});
beforeEach(() => {
  process.exitCode = undefined;
});

async function holdfast(...args: string[]): Promise<{ out: string; err: string; exitCode: number }> {
  const program = new Command("holdfast").option("--json");
  addRetentionCommands(program);
  let [out, err] = ["", ""];
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
  try {
    await program.parseAsync(args, { from: "user" });
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
  const exitCode = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { out, err, exitCode };
}

describe("holdfast retention", () => {
  test("shows the plan, for people and as one JSON object", async () => {
    const shown = await holdfast("retention", "plan");
    expect(shown.out).toContain("database: 3 deletions due, 3.00 KiB; plan ");
    expect(shown.out).toContain("older than 30d, the retain of type full");
    const { out, exitCode } = await holdfast("--json", "retention", "plan", "--system", "database");
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ plans: [{ system: "database", dueCount: 3, cap: null }] });
  });

  test("ends with 3 while a guard refuses, goes on when it is lifted, and applies the plan that was shown", async () => {
    const { out } = await holdfast("--json", "retention", "plan");
    const { plan } = (JSON.parse(out) as { plans: [{ plan: string }] }).plans[0];
    const gap = {
      systemId,
      serverId: "1",
      incarnation: "a",
      file: "binlog.000001",
      reason: "purged",
      detectedAt: systemNow(),
    };
    await database.db.logGap.create({ data: { id: newId(), ...gap } });
    const frozen = await holdfast("--json", "retention", "apply", "--system", "database", "--plan", plan);
    expect([frozen.exitCode, JSON.parse(frozen.out)]).toMatchObject([3, { error: { code: "REFUSED" } }]);
    expect((await holdfast("retention", "apply")).exitCode).toBe(3);
    const lifted = await holdfast("--json", "retention", "lift", "database", "--reason", "a new full was taken since");
    expect(JSON.parse(lifted.out)).toEqual({ lifted: 1, left: 0 });
    const applied = await holdfast("--json", "retention", "apply", "--system", "database", "--plan", plan);
    expect(applied.exitCode).toBe(0);
    expect(JSON.parse(applied.out)).toMatchObject({ systems: [{ system: "database", runId: expect.any(String) }] });
    const twice = await holdfast("retention", "apply", "--system", "database");
    expect([twice.exitCode, twice.err]).toEqual([3, expect.stringContaining("is under way")]);
  });

  test("takes a plan only with its system: wrong usage ends with 2", async () => {
    expect((await holdfast("retention", "apply", "--plan", "x")).exitCode).toBe(2);
  });
});
