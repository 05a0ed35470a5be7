import { join } from "node:path";
import { recordAudit } from "@/lib/audit";
import { newSigningKey } from "@/lib/kernel/crypto";
import { PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { known } from "@/lib/recovery";
import type { ClaimedRun, RunPlan, Step, StepCtx, StepOutcome } from "@/lib/runs";
import { noteFinding } from "./note-finding";
import { plantBackup } from "./planted-backup";
import { type Plant, type TriedLevel, describePlants } from "./plants";
import type { PlantResult } from "./schemas";
import { TREE_PLANTS, packTrees, plantTree, tryTree } from "./tree-plants";
import { type Bench, tryLevels, tryPlant } from "./try-plant";

interface SelfTest {
  bench?: Bench;
  privatePem: string;
  planted: { plant: Pick<Plant, "id" | "title" | "seenBy">; id: string; isTree: boolean }[];
  results: PlantResult[];
  isJudged?: true;
}

/**
 * The verifier's own test: a small real database is backed up into a throw-away repository, whole and broken in every way
 * that we know, and each level must see what it is there to see. One that passes makes the verifier broken.
 */
export function planSelfTest(run: ClaimedRun): RunPlan<object> {
  const { privatePem, publicPem } = newSigningKey();
  const test: SelfTest = { privatePem, planted: [], results: [] };
  const step = (
    key: string,
    title: string,
    perform: (ctx: StepCtx, test: SelfTest) => Promise<StepOutcome>,
  ): Step<object> => ({
    key,
    title,
    owner: "verification",
    repeatable: true,
    ephemeral: true,
    perform: (ctx) => perform(ctx, test),
  });
  return {
    shared: {},
    steps: [
      step("sample", "Make a small database and dump it", async (ctx) => {
        const directory = join(ctx.engines.directories.scratch, run.id.slice(-12));
        const practice = await ctx.engines.makePractice({ directory, signal: ctx.signal });
        test.bench = { practice, publicPem, directory, server: undefined };
        const { tables } = practice.sample.whole.facts;
        return { summary: `${tables.length} tables, ${practice.sample.whole.sql.length} bytes of dump` };
      }),
      step("plant", "Plant broken backups", plantAll),
      step("try", "Try each at every level that must see it", tryAll),
      step("judge", "Judge the verifier", (ctx) => judge(ctx, run, test)),
    ],
    cleanUp: async (ctx, _, ended) => {
      // One that was judged has its result.
      if (ended.state !== "succeeded" && !test.isJudged) {
        const error = ended.error?.message ?? "aborted by an operator";
        await storeResult(ctx, run, { state: "failed", results: test.results, error });
      }
      await cleanUp(ctx, test);
    },
    letGo: (ctx) => cleanUp(ctx, test),
    result: () => ({ state: "passed", plants: test.results }),
  };
}

async function plantAll(ctx: StepCtx, test: SelfTest): Promise<StepOutcome> {
  const bench = known(test.bench, "the practice estate");
  const { practice } = bench;
  for (const plant of describePlants(practice)) {
    const id = await plantBackup(ctx, { practice, privatePem: test.privatePem }, plant.recipe);
    test.planted.push({ plant, id, isTree: false });
  }
  const trees = await packTrees(ctx, bench);
  for (const plant of TREE_PLANTS) {
    const id = await plantTree(ctx, { bench, privatePem: test.privatePem, trees }, plant.recipe);
    test.planted.push({ plant, id, isTree: true });
  }
  const broken = test.planted.filter(({ plant }) => plant.seenBy !== null).length;
  return { summary: `${broken} broken backups and ${test.planted.length - broken} good ones` };
}

async function tryAll(ctx: StepCtx, test: SelfTest): Promise<StepOutcome> {
  const bench = known(test.bench, "the practice estate");
  const total = test.planted.length;
  // A refusal of what is planted is what is wanted: it is not told as trouble.
  const quiet: StepCtx = { ...ctx, run: { ...ctx.run, say: () => undefined, progress: () => undefined } };
  for (const { plant, id, isTree } of test.planted) {
    const attempt = (level: TriedLevel) => (isTree ? tryTree : tryPlant)(quiet, bench, { id, level });
    const levels = isTree ? (["object", "restore"] as const) : (["object", "restore", "replay"] as const);
    const result = await tryLevels(quiet, plant, { levels, attempt });
    test.results.push(result);
    ctx.run.say(describe(result), result.isRight ? "info" : "error");
    ctx.run.progress({ done: test.results.length, total, unit: "checks" });
  }
  const wrong = test.results.filter(({ isRight }) => !isRight).length;
  return { summary: wrong === 0 ? `all ${total} as they must be` : `${wrong} of ${total} not as they must be`, wrong };
}

function describe({ title, levels, caughtAt, message }: PlantResult): string {
  const tried = Object.entries(levels).filter(([, outcome]) => outcome !== "not-tried");
  const outcomes = tried.map(([level, outcome]) => `${level} ${outcome}`).join(", ");
  return `${title}: ${outcomes}${caughtAt && message ? ` (${message})` : ""}`;
}

async function judge(ctx: StepCtx, run: ClaimedRun, test: SelfTest): Promise<StepOutcome> {
  const { results } = test;
  const wrong = results.filter(({ isRight }) => !isRight);
  await storeResult(ctx, run, { state: wrong.length === 0 ? "passed" : "broken", results, error: null });
  test.isJudged = true;
  if (wrong.length === 0) {
    const broken = results.filter(({ caughtAt }) => caughtAt !== null).length;
    return { summary: `the verifier saw each of ${broken} broken backups` };
  }
  throw new PreconditionError(`the verifier is broken: ${wrong.map(({ title }) => title).join(", ")}`, {
    hint: "Do not rely on any verification until this is mended: the table says which level did not see what.",
  });
}

async function storeResult(
  ctx: StepCtx,
  run: ClaimedRun,
  outcome: { state: "passed" | "broken" | "failed"; results: readonly PlantResult[]; error: string | null },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { state, results, error } = outcome;
  const wrong = results.filter(({ isRight }) => !isRight).map(({ title }) => title);
  await ctx.transaction(async (tx) => {
    await tx.verifierTest.update({
      where: { runId: run.id },
      data: { state, plants: results as object[], error, endedAt: ctx.now() },
    });
    await recordAudit(tx, ctx, {
      action: "verifier.tested",
      entity: { type: "run", id: run.id },
      ...(state === "passed" ? {} : { severity: state === "broken" ? ("critical" as const) : ("high" as const) }),
      metadata: { state, plants: results.length, wrong, error },
    });
    if (state === "passed") return;
    await noteFinding(tx, ctx, {
      systemId: null,
      runId: run.id,
      kind: "self-test",
      subject: state,
      title: state === "broken" ? "The verifier does not see broken backups" : "The verifier could not be tested",
      detail: error ?? wrong.join(", "),
    });
  });
}

async function cleanUp(ctx: StepCtx, { bench }: SelfTest): Promise<void> {
  if (!bench) return;
  const { practice, server, directory } = bench;
  await server?.stop();
  if (server) await practice.sample.engine.removeScratch(directory);
  await practice.remove();
  ctx.run.say("cleaned up, nothing is left over");
}
