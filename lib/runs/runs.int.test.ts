import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { AUDITOR, OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { openMemoryEngines } from "@/lib/engines/memory-engines";
import {
  CancelledError,
  ConflictError,
  EngineError,
  ForbiddenError,
  NotFoundError,
  PreconditionError,
  ValidationError,
} from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import {
  type RunPlan,
  type Step,
  abortRun,
  createRun,
  decideStep,
  getRun,
  listRunLog,
  listRuns,
  performRun,
  sweepRuns,
} from ".";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const ENGINES = openMemoryEngines({ now: () => database.clock.now() });
const unknownId = newId();
const jobCtx = (signal?: AbortSignal) => database.jobCtx(ENGINES, signal);

async function newRun(parameters: Record<string, unknown> = {}): Promise<string> {
  const ctx = database.ctx(OPERATOR);
  const run = await ctx.transaction((tx) =>
    createRun(tx, ctx, { kind: "backup", title: "A run", parameters, place: "primary" }),
  );
  return run.id;
}

type PlainStep = Partial<Step<string[]>> & { key: string };

/** A plan whose steps note what they do in `done`. */
function planOf(done: string[], steps: readonly PlainStep[], rest: Partial<RunPlan<string[]>> = {}) {
  return (): Promise<RunPlan<string[]>> =>
    Promise.resolve({
      shared: done,
      steps: steps.map((step) => ({
        title: `Step ${step.key}`,
        repeatable: true,
        ...step,
        perform: async (ctx, shared) => {
          shared.push(step.key);
          return (await step.perform?.(ctx, shared)) ?? { summary: `${step.key} is done` };
        },
      })),
      ...rest,
    });
}

const auditOf = async (id: string): Promise<string[]> => {
  const rows = await database.db.auditEvent.findMany({ where: { entityId: id }, orderBy: { id: "asc" } });
  return rows.map((row) => row.action);
};
const jobsOf = (runId: string): Promise<{ name: string; state: string }[]> =>
  database.db.$queryRaw`SELECT name, state::text FROM pgboss.job WHERE data->>'runId' = ${runId}`;

/** A runner that is killed: it carries the plan out to its end or to a step that kills it, and tells nobody. */
async function dieDuring(
  id: string,
  { done = [], steps, at }: { done?: string[]; steps: readonly PlainStep[]; at: string },
): Promise<void> {
  const runner = new AbortController();
  const killed = steps.map((step) => ({
    ...step,
    perform: async (...all: Parameters<Step<string[]>["perform"]>) => {
      if (step.key !== at) return step.perform?.(...all) ?? { summary: "done" };
      runner.abort();
      throw new CancelledError("killed");
    },
  }));
  await expect(performRun(jobCtx(runner.signal), id, planOf(done, killed))).rejects.toThrow("killed");
  // What a killed process would have left: the step is under way, the runner's name stands.
  await database.db.runStep.updateMany({ where: { runId: id, key: at }, data: { state: "running", endedAt: null } });
  await database.db.run.update({ where: { id }, data: { runner: "killed" } });
  database.clock.advance(11_000);
}

describe("a new run", () => {
  test("is in the queue of its place with the rows of the same transaction, or nowhere", async () => {
    const id = await newRun();
    expect(await jobsOf(id)).toEqual([{ name: "run.perform.primary", state: "created" }]);

    const ctx = database.ctx(OPERATOR);
    let lost = "";
    const failing = ctx.transaction(async (tx) => {
      lost = (await createRun(tx, ctx, { kind: "backup", title: "Lost", parameters: {}, place: "dr" })).id;
      throw new Error("the audit event could not be written");
    });
    await expect(failing).rejects.toThrow("audit event");
    expect(await jobsOf(lost)).toEqual([]);
    expect(await database.db.run.count({ where: { id: lost } })).toBe(0);
  });

  test("is listed, newest first, and its pages join without a gap", async () => {
    const ids = [await newRun(), await newRun(), await newRun()].reverse();
    const first = await listRuns(database.ctx(VIEWER), { limit: 2, open: true });
    const second = await listRuns(database.ctx(VIEWER), {
      limit: 2,
      ...(first.nextCursor ? { cursor: first.nextCursor } : {}),
    });
    expect([...first.runs, ...second.runs].slice(0, 3).map((run) => run.id)).toEqual(ids);
  });
});

describe("carrying a run out", () => {
  test("stores each step's outcome, the result, progress and log lines, and says so in the audit log", async () => {
    const id = await newRun();
    const done: string[] = [];
    const step: PlainStep = {
      key: "count",
      perform: (ctx) => {
        ctx.run.say("half-way, with a NUL \0 in it", "warning");
        ctx.run.progress({ done: 10, total: 10, unit: "tables" });
        return Promise.resolve({ summary: "10 tables" });
      },
    };
    await performRun(jobCtx(), id, planOf(done, [step, { key: "end" }], { result: (all) => ({ all }) }));

    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({ state: "succeeded", stepsDone: 2, stepsTotal: 2, attempts: 1, error: null });
    expect(run.result).toEqual({ all: ["count", "end"] });
    expect(run.endedAt).not.toBeNull();
    expect(run.steps[0]).toMatchObject({ state: "succeeded", summary: "10 tables", attempts: 1 });
    expect(run.steps[0]?.progress).toMatchObject({ done: 10, total: 10, unit: "tables" });
    const { lines } = await listRunLog(database.ctx(VIEWER), { id });
    expect(lines.map(({ step, level, message }) => [step, level, message])).toEqual([
      ["count", "warning", "half-way, with a NUL \uFFFD in it"],
      ["count", "info", "10 tables"],
      ["end", "info", "end is done"],
    ]);
    expect(await listRunLog(database.ctx(VIEWER), { id, after: lines[1]?.id ?? 0 })).toEqual({ lines: lines.slice(2) });
    expect(await auditOf(id)).toEqual(["run.started", "run.completed"]);
  });

  test("a step that fails ends the run as failed with message and hint, cleans up, and starts no other step", async () => {
    const id = await newRun();
    const done: string[] = [];
    const ended = vi.fn(() => Promise.resolve());
    const failing: PlainStep = {
      key: "store",
      perform: () =>
        Promise.reject(
          new EngineError("the bucket is full", {
            engine: "s3",
            operation: "store",
            permanent: true,
            hint: "Make room.",
          }),
        ),
    };
    await performRun(jobCtx(), id, planOf(done, [failing, { key: "end" }], { cleanUp: ended }));

    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({
      state: "failed",
      error: { code: "ENGINE", message: "the bucket is full", hint: "Make room." },
    });
    expect(run.steps.map(({ state, error }) => [state, error])).toEqual([
      ["failed", "the bucket is full"],
      ["pending", null],
    ]);
    expect(done).toEqual(["store"]);
    expect(ended).toHaveBeenCalledWith(
      expect.anything(),
      done,
      expect.objectContaining({ state: "failed", error: expect.objectContaining({ code: "ENGINE" }) as unknown }),
    );
    expect(await auditOf(id)).toEqual(["run.started", "run.failed"]);
    const { lines } = await listRunLog(database.ctx(VIEWER), { id });
    expect(lines.at(-1)).toMatchObject({ level: "error", message: "the bucket is full. Make room." });
  });

  test("an unforeseen error shows nothing of its text", async () => {
    const id = await newRun();
    const bug: PlainStep = { key: "bug", perform: () => Promise.reject(new Error("row 4711 of clients")) };
    await performRun(jobCtx(), id, planOf([], [bug]));
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run.error?.code).toBe("INTERNAL");
    expect(JSON.stringify([run, await listRunLog(database.ctx(VIEWER), { id })])).not.toContain("4711");
  });

  test("a plan that cannot be made ends the run as failed", async () => {
    const id = await newRun();
    const refuse = () => Promise.reject(new PreconditionError("the system is gone", { hint: "Declare it." }));
    await performRun(jobCtx(), id, refuse);
    expect(await getRun(database.ctx(VIEWER), { id })).toMatchObject({
      state: "failed",
      error: { code: "PRECONDITION", hint: "Declare it." },
    });
  });

  test("a clean-up that fails does not leave the run open: what had succeeded is failed, what had failed keeps its cause", async () => {
    const cleanUp = () => Promise.reject(new PreconditionError("a directory is left over"));
    const succeeding = await newRun();
    await performRun(jobCtx(), succeeding, planOf([], [{ key: "a" }], { cleanUp }));
    expect(await getRun(database.ctx(VIEWER), { id: succeeding })).toMatchObject({
      state: "failed",
      error: { message: "a directory is left over" },
    });
    const failing = await newRun();
    const step: PlainStep = { key: "a", perform: () => Promise.reject(new PreconditionError("the first cause")) };
    await performRun(jobCtx(), failing, planOf([], [step], { cleanUp }));
    expect(await getRun(database.ctx(VIEWER), { id: failing })).toMatchObject({
      state: "failed",
      error: { message: "the first cause" },
    });
  });

  test("something that was cancelled by nobody's wish is a failure, not a shutdown to be tried again", async () => {
    const id = await newRun();
    const step: PlainStep = { key: "a", perform: () => Promise.reject(new CancelledError("the reader went away")) };
    await performRun(jobCtx(), id, planOf([], [step]));
    expect(await getRun(database.ctx(VIEWER), { id })).toMatchObject({ state: "failed" });
  });

  test("the queue handing an ended run out again changes nothing", async () => {
    const id = await newRun();
    const done: string[] = [];
    await performRun(jobCtx(), id, planOf(done, [{ key: "a" }]));
    await performRun(jobCtx(), id, planOf(done, [{ key: "a" }]));
    expect(done).toEqual(["a"]);
    expect(await auditOf(id)).toEqual(["run.started", "run.completed"]);
  });
});

describe("a runner that goes away", () => {
  const steps: PlainStep[] = [{ key: "one" }, { key: "two" }, { key: "three" }];

  test("is followed by another one that goes on where it was, and says so", async () => {
    const id = await newRun();
    const done: string[] = [];
    await dieDuring(id, { done, steps, at: "two" });
    await performRun(jobCtx(), id, planOf(done, steps));
    expect(done).toEqual(["one", "two", "two", "three"]);
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({ state: "succeeded", attempts: 2 });
    expect(run.steps.map((step) => step.attempts)).toEqual([1, 2, 1]);
    expect(await auditOf(id)).toEqual(["run.started", "run.taken-over", "run.completed"]);
    const { lines } = await listRunLog(database.ctx(VIEWER), { id });
    expect(lines.some((line) => line.message.includes("taken over"))).toBe(true);
  });

  test("by its own shutdown lets go: nothing is ended, nothing is cleaned up as if it had, and the next one need not wait", async () => {
    const id = await newRun();
    const done: string[] = [];
    const stopping = new AbortController();
    const cleanUp = vi.fn(() => Promise.resolve());
    const letGo = vi.fn(() => Promise.resolve());
    const stop: PlainStep = {
      key: "one",
      perform: (ctx) => {
        stopping.abort();
        return Promise.reject(ctx.signal.reason as Error);
      },
    };
    await expect(performRun(jobCtx(stopping.signal), id, planOf(done, [stop], { cleanUp, letGo }))).rejects.toThrow();
    expect(cleanUp).not.toHaveBeenCalled();
    expect(letGo).toHaveBeenCalledOnce();
    expect(await getRun(database.ctx(VIEWER), { id })).toMatchObject({ state: "running", runner: null });
    await performRun(jobCtx(), id, planOf(done, [{ key: "one" }]));
    expect(await getRun(database.ctx(VIEWER), { id })).toMatchObject({ state: "succeeded" });
  });

  test("of two runners on one run one carries it out, and the other is told so", async () => {
    const id = await newRun();
    const done: string[] = [];
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow: PlainStep = {
      key: "one",
      perform: async () => {
        begun.resolve();
        await gate.promise;
        return { summary: "slow" };
      },
    };
    const first = performRun(jobCtx(), id, planOf(done, [slow, ...steps.slice(1)]));
    await begun.promise;
    await expect(performRun(jobCtx(), id, planOf(done, steps))).rejects.toThrow(ConflictError);
    gate.resolve();
    await first;
    expect(done).toEqual(["one", "two", "three"]);
    expect(await auditOf(id)).toEqual(["run.started", "run.completed"]);
  });

  test("and comes back after another one took over writes nothing any more, and cleans nothing up", async () => {
    const id = await newRun();
    const cleanUp = vi.fn(() => Promise.resolve());
    const stalled = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow: PlainStep = {
      key: "one",
      perform: async () => {
        begun.resolve();
        await stalled.promise;
        return { summary: "of the stalled one" };
      },
    };
    const first = performRun(jobCtx(), id, planOf([], [slow], { cleanUp }));
    await begun.promise;
    database.clock.advance(11_000);
    await database.db.run.update({
      where: { id },
      data: { heartbeatAt: new Date(database.clock.now().getTime() - 11_000) },
    });
    const takenOver = performRun(jobCtx(), id, planOf([], [{ key: "one" }]));
    await takenOver;
    stalled.resolve();
    await expect(first).rejects.toThrow("no longer this runner's");
    expect(cleanUp).not.toHaveBeenCalled();
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({ state: "succeeded", attempts: 2 });
    expect(run.steps[0]?.summary).toBe("one is done");
  });

  test("for good fails the run after two minutes, with its steps, once", async () => {
    const id = await newRun();
    await dieDuring(id, { steps, at: "two" });
    expect(await sweepRuns(jobCtx())).toBe(0);
    database.clock.advance(120_000);
    expect(await sweepRuns(jobCtx())).toBe(1);
    expect(await sweepRuns(jobCtx())).toBe(0);
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({
      state: "failed",
      error: { message: expect.stringContaining("runner is gone") as string },
    });
    expect(run.steps.map((step) => step.state)).toEqual(["succeeded", "failed", "pending"]);
    expect(await auditOf(id)).toEqual(["run.started", "run.failed"]);
  });
});

describe("a step that must not happen twice", () => {
  const steps: PlainStep[] = [{ key: "prepare" }, { key: "cut", repeatable: false }, { key: "check" }];

  async function waitingRun(done: string[]): Promise<string> {
    const id = await newRun();
    await dieDuring(id, { done, steps, at: "cut" });
    await performRun(jobCtx(), id, planOf(done, steps));
    return id;
  }

  test("waits for an operator when its runner was gone in the middle of it", async () => {
    const done: string[] = [];
    const id = await waitingRun(done);
    expect(done).toEqual(["prepare", "cut"]);
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({ state: "waiting", currentStep: "Step cut", endedAt: null });
    expect(run.steps.map((step) => step.state)).toEqual(["succeeded", "waiting", "pending"]);
  });

  test("is not carried out by a job that the queue hands out once more while it waits", async () => {
    const done: string[] = [];
    const id = await waitingRun(done);
    await performRun(jobCtx(), id, planOf(done, steps));
    expect(done).toEqual(["prepare", "cut"]);
    expect(await getRun(database.ctx(VIEWER), { id })).toMatchObject({ state: "waiting" });
  });

  test("is carried out again when an operator says so", async () => {
    const done: string[] = [];
    const id = await waitingRun(done);
    await decideStep(database.ctx(OPERATOR), { id, step: "cut", decision: "retry" });
    expect((await jobsOf(id)).length).toBe(2);
    await performRun(jobCtx(), id, planOf(done, steps));
    expect(done).toEqual(["prepare", "cut", "cut", "check"]);
    expect(await getRun(database.ctx(VIEWER), { id })).toMatchObject({ state: "succeeded" });
    expect(await auditOf(id)).toContain("run.decided");
  });

  test("is left out when an operator says so, with the reason in the audit log", async () => {
    const done: string[] = [];
    const id = await waitingRun(done);
    await expect(decideStep(database.ctx(OPERATOR), { id, step: "cut", decision: "skip" })).rejects.toThrow(
      ValidationError,
    );
    await decideStep(database.ctx(OPERATOR), { id, step: "cut", decision: "skip", reason: "done by hand" });
    await performRun(jobCtx(), id, planOf(done, steps));
    expect(done).toEqual(["prepare", "cut", "check"]);
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run.steps.map((step) => step.state)).toEqual(["succeeded", "skipped", "succeeded"]);
    const event = await database.db.auditEvent.findFirst({ where: { entityId: id, action: "run.decided" } });
    expect(event?.metadata).toEqual({ step: "cut", decision: "skip", reason: "done by hand" });
  });

  test("ends the run when an operator says so", async () => {
    const id = await waitingRun([]);
    await decideStep(database.ctx(OPERATOR), { id, step: "cut", decision: "abort" });
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({ state: "aborted" });
    expect(run.endedAt).not.toBeNull();
    expect((await auditOf(id)).slice(-2)).toEqual(["run.decided", "run.aborted"]);
  });

  test("is decided once: of two operators one decides, and the other is told", async () => {
    const id = await waitingRun([]);
    const decide = () => decideStep(database.ctx(OPERATOR), { id, step: "cut", decision: "retry" });
    const results = await Promise.allSettled([decide(), decide()]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await auditOf(id)).filter((action) => action === "run.decided")).toHaveLength(1);
    expect((await jobsOf(id)).length).toBe(2);
  });

  test("is decided by nobody without the right, and not while it does not wait", async () => {
    const id = await newRun();
    for (const actor of [VIEWER, AUDITOR]) {
      await expect(decideStep(database.ctx(actor), { id, step: "cut", decision: "retry" })).rejects.toThrow(
        ForbiddenError,
      );
    }
    const ctx = database.ctx(OPERATOR);
    await expect(decideStep(ctx, { id: unknownId, step: "cut", decision: "retry" })).rejects.toThrow(NotFoundError);
    await expect(decideStep(ctx, { id, step: "nothing", decision: "retry" })).rejects.toThrow(NotFoundError);
    await performRun(jobCtx(), id, planOf([], steps));
    await expect(decideStep(ctx, { id, step: "cut", decision: "retry" })).rejects.toThrow(PreconditionError);
  });
});

describe("an abort", () => {
  test("ends a run that nobody works on at once, and no runner takes it up again", async () => {
    const id = await newRun();
    await abortRun(database.ctx(OPERATOR), { id, reason: "not today" });
    expect(await getRun(database.ctx(VIEWER), { id })).toMatchObject({ state: "aborted" });
    const done: string[] = [];
    await performRun(jobCtx(), id, planOf(done, [{ key: "a" }]));
    expect(done).toEqual([]);
    expect(await auditOf(id)).toEqual(["run.abort-requested", "run.aborted"]);
  });

  test("stops the step that runs, cleans up, and is no failure", async () => {
    const id = await newRun();
    const cleanUp = vi.fn((ctx: { signal: AbortSignal }) => Promise.resolve(expect(ctx.signal.aborted).toBe(false)));
    const begun = Promise.withResolvers<void>();
    const endless: PlainStep = {
      key: "dump",
      perform: (ctx) =>
        new Promise((_, reject) => {
          begun.resolve();
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error));
        }),
    };
    const performing = performRun(jobCtx(), id, planOf([], [endless, { key: "end" }], { cleanUp }));
    await begun.promise;
    await abortRun(database.ctx(OPERATOR), { id });
    await performing;
    const run = await getRun(database.ctx(VIEWER), { id });
    expect(run).toMatchObject({ state: "aborted", error: null });
    expect(run.steps.map((step) => step.state)).toEqual(["aborted", "pending"]);
    expect(cleanUp).toHaveBeenCalledWith(expect.anything(), expect.anything(), { state: "aborted" });
    expect(await auditOf(id)).toEqual(["run.started", "run.abort-requested", "run.aborted"]);
  });

  test("asked twice is asked once, and an ended run has nothing to abort", async () => {
    const id = await newRun();
    await abortRun(database.ctx(OPERATOR), { id });
    await expect(abortRun(database.ctx(OPERATOR), { id })).rejects.toThrow(PreconditionError);
    expect((await auditOf(id)).filter((action) => action === "run.abort-requested")).toHaveLength(1);
    const running = await newRun();
    await database.db.run.update({
      where: { id: running },
      data: { state: "running", heartbeatAt: database.clock.now() },
    });
    await abortRun(database.ctx(OPERATOR), { id: running });
    await abortRun(database.ctx(OPERATOR), { id: running });
    expect(await auditOf(running)).toEqual(["run.abort-requested"]);
  });

  test("needs the right and a run", async () => {
    const id = await newRun();
    await expect(abortRun(database.ctx(VIEWER), { id })).rejects.toThrow(ForbiddenError);
    await expect(abortRun(database.ctx(OPERATOR), { id: unknownId })).rejects.toThrow(NotFoundError);
    expect(await auditOf(id)).toEqual([]);
  });
});

test("what only a runner does is refused to people", async () => {
  const id = await newRun();
  const ctx = { ...database.ctx(OPERATOR), engines: ENGINES, signal: new AbortController().signal };
  await expect(performRun(ctx, id, planOf([], []))).rejects.toThrow(ForbiddenError);
  await expect(sweepRuns(ctx)).rejects.toThrow(ForbiddenError);
});
