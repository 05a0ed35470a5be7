import { join } from "node:path";
import type { ScratchServer } from "@/lib/engines/database/port";
import type { Practice } from "@/lib/engines/ports";
import { HoldfastError, summarizeError, toDamage } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import {
  type Recovery,
  checkTables,
  compareContent,
  findPoint,
  loadData,
  parsePoint,
  readBack,
  replayLog,
  runQueries,
} from "@/lib/recovery";
import type { StepCtx } from "@/lib/runs";
import { fetchWholeLog, requireHeartbeat } from "./checks";
import { PRACTICE_SYSTEM } from "./planted-backup";
import type { Plant, TriedLevel } from "./plants";
import type { PlantResult } from "./schemas";

/** Where plants are tried: one throw-away server for all, emptied between them. */
export interface Bench {
  practice: Practice;
  publicPem: string;
  directory: string;
  server: ScratchServer | undefined;
}

/** What the owner would declare. */
const VERIFY = { minimumTables: 4, queries: [{ sql: "SELECT COUNT(*) FROM practice.orders", atLeast: 100 }] };

/** Tries one plant of a database at one level, by the very checks of that level. @throws DamagedError where it is seen */
export async function tryPlant(ctx: StepCtx, bench: Bench, tried: { id: string; level: TriedLevel }): Promise<void> {
  const recovery = recoveryOf(bench, tried.id);
  await findPoint(ctx, recovery);
  await PERFORM[tried.level](ctx, recovery, bench);
}

/** @returns why it was refused; null when it passed */
async function refusalOf(attempt: () => Promise<void>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (cause) {
    const error = toDamage(cause);
    // Anything else says nothing of the verifier: its test could not be carried out.
    if (error instanceof HoldfastError && error.code === "DAMAGED") return summarizeError(error).message;
    throw error;
  }
}

const PERFORM: Record<TriedLevel, (ctx: StepCtx, recovery: Recovery, bench: Bench) => Promise<void>> = {
  object: async (ctx, recovery) => {
    await readBack(ctx, recovery);
  },
  restore: async (ctx, recovery, bench) => {
    await restore(ctx, recovery, bench);
    await checkTables(ctx, recovery);
    await runQueries(ctx, recovery);
  },
  replay: async (ctx, recovery, bench) => {
    await fetchWholeLog(ctx, recovery);
    await restore(ctx, recovery, bench);
    await replayLog(ctx, recovery);
    await requireHeartbeat(ctx, recovery);
  },
};

async function restore(ctx: StepCtx, recovery: Recovery, bench: Bench): Promise<void> {
  if (bench.server) {
    await empty(ctx, bench.server, recovery);
    recovery.server = bench.server;
  }
  try {
    await loadData(ctx, recovery);
  } finally {
    bench.server = recovery.server;
  }
  await compareContent(ctx, recovery);
}

/** What the plant before left must not be found in the next one. */
async function empty(ctx: StepCtx, { connection }: ScratchServer, { engine }: Recovery): Promise<void> {
  for (const schema of ["practice", "holdfast"]) {
    await engine.query(connection, `DROP DATABASE IF EXISTS ${schema}`, ctx.signal);
  }
}

function recoveryOf({ practice, publicPem, directory }: Bench, id: string): Recovery {
  return {
    source: { system: PRACTICE_SYSTEM, repository: PRACTICE_SYSTEM, store: practice.store, publicKeys: [publicPem] },
    point: parsePoint("latest"),
    backupId: id,
    engine: practice.sample.engine,
    identityFile: practice.identityFile,
    directory,
    logDirectory: join(`${directory}.log`, "fetched"),
    verify: VERIFY,
  };
}

/** Tries a plant at each level that must see it, a good one at all that fit it. */
export async function tryLevels(
  ctx: StepCtx,
  plant: Pick<Plant, "id" | "title" | "seenBy">,
  { levels: all, attempt }: { levels: readonly TriedLevel[]; attempt: (level: TriedLevel) => Promise<void> },
): Promise<PlantResult> {
  const begunMs = monotonicMs();
  const levels: PlantResult["levels"] = { object: "not-tried", restore: "not-tried", replay: "not-tried" };
  const isGood = plant.seenBy === null;
  let [caughtAt, message]: [TriedLevel | null, string | null] = [null, null];
  for (const level of plant.seenBy ?? all) {
    ctx.signal.throwIfAborted();
    const refusal = await refusalOf(() => attempt(level));
    if (isGood) levels[level] = refusal === null ? "passed-good" : "refused-good";
    else levels[level] = refusal === null ? "missed" : "caught";
    if (refusal === null) continue;
    if (!isGood) caughtAt ??= level;
    message ??= refusal;
  }
  const isRight = !Object.values(levels).some((outcome) => outcome === "missed" || outcome === "refused-good");
  const durationMs = Math.round(monotonicMs() - begunMs);
  return { plant: plant.id, title: plant.title, levels, caughtAt, message, isRight, durationMs };
}
