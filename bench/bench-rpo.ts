import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { openDb } from "@/lib/db/client";
import { type Ctx, createCtx } from "@/lib/db/context";
import { startEmbeddedPostgres } from "@/lib/db/embedded-postgres";
import { createLogger } from "@/lib/kernel/log";
import { listSystems } from "@/lib/systems";
import { BOTH, type BenchEstate } from "./bench-estate";
import { type BenchFigure, figure } from "./figure";
import { feedSql, runSql } from "./generate-data";

const WRITES_PER_SECOND = 200;
const DURATION_MS = 300_000;
const BATCH_MS = 100;
const SAMPLE_MS = 250;
const READY_MS = 120_000;
const STANDARD = "the standard's transaction log, every 15 minutes";
const STANDARD_SECONDS = 900;

/** What each repository would lose, sampled while the source takes 200 transactions a second. */
export async function benchRpo(estate: BenchEstate, say: (text: string) => void): Promise<BenchFigure[]> {
  await runSql(
    estate.source.root,
    "CREATE TABLE bench.writes (id BIGINT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(200))",
  );
  await estate.followLog();
  const console = await openConsole(estate.home);
  try {
    say("a full, so that the log continues something");
    await takeFull(estate);
    await untilKnown(console.ctx);
    say(`${WRITES_PER_SECOND} writes a second for ${DURATION_MS / 1_000} s`);
    const samples = await sampleWhile(console.ctx, () => writeSteadily(estate));
    const against = { name: STANDARD, value: STANDARD_SECONDS };
    return [
      figure("rpo.exposureSecondsP99", [quantile(samples, 0.99), "seconds"], against),
      figure("rpo.exposureSecondsMedian", [quantile(samples, 0.5), "seconds"], against),
      figure("rpo.exposureSecondsMax", [quantile(samples, 1), "seconds"], against),
    ];
  } finally {
    await console.close();
  }
}

/** Of both repositories, each time the worst. One that can bring nothing back is no sample but a failure. */
async function sampleWhile(ctx: Ctx, work: () => Promise<void>): Promise<number[]> {
  const samples: number[] = [];
  let isWriting = true;
  const sampling = (async () => {
    while (isWriting) {
      const exposure = await readExposure(ctx);
      if (exposure === null) throw new Error("a repository cannot bring the system back");
      samples.push(exposure);
      await wait(SAMPLE_MS);
    }
  })();
  await Promise.all([work().finally(() => (isWriting = false)), sampling]);
  return samples;
}

async function readExposure(ctx: Ctx): Promise<number | null> {
  const { systems } = await listSystems(ctx);
  return systems.find(({ name }) => name === BOTH)?.exposureSeconds ?? null;
}

async function untilKnown(ctx: Ctx): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while ((await readExposure(ctx)) === null) {
    if (performance.now() > deadline) throw new Error("the log was not stored in both repositories within 120 s");
    await wait(SAMPLE_MS);
  }
}

/** A transaction a row, at a steady rate: what is late is made up for. @throws when the server did not keep up */
async function writeSteadily(estate: BenchEstate): Promise<void> {
  const begun = performance.now();
  let written = 0;
  await feedSql(estate.source.root, async (write) => {
    while (performance.now() - begun < DURATION_MS) {
      const due = Math.floor(((performance.now() - begun) / 1_000) * WRITES_PER_SECOND);
      const note = `REPEAT('x', 180)`;
      if (due > written) await write(`${`INSERT INTO bench.writes (note) VALUES (${note});\n`.repeat(due - written)}`);
      written = due;
      await wait(BATCH_MS);
    }
  });
  const [row] = await estate.source.run("SELECT COUNT(*) AS rows_written FROM bench.writes");
  if (Number(row?.rows_written) !== written) throw new Error("not every write was acknowledged");
  const seconds = (performance.now() - begun) / 1_000;
  if (written / seconds < WRITES_PER_SECOND * 0.98)
    throw new Error(`only ${written} writes in ${seconds.toFixed(0)} s`);
}

async function takeFull(estate: BenchEstate): Promise<void> {
  await estate.holdfast(["backup", "run", BOTH, "--type", "full", "--wait"], z.object({ runId: z.string() }));
}

/** The smallest sample that so large a share of all does not exceed. */
function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

async function openConsole(home: string): Promise<{ ctx: Ctx; close(): Promise<void> }> {
  const embedded = await startEmbeddedPostgres({ home });
  const db = openDb(embedded.databaseUrl, 2);
  const ctx = createCtx({ db, log: createLogger("warn"), actor: { kind: "shell", user: "bench" } });
  return {
    ctx,
    close: async () => {
      await db.$disconnect();
      await embedded.stop();
    },
  };
}
