import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type StoredStep, RUN_TRANSITIONS, measureProgress, planTakeOver, statesBefore } from "./model";
import { RUN_STATES, type StepState } from "./schemas";

const step = (state: StepState, kind: Partial<StoredStep> = {}): StoredStep => ({
  key: "k",
  state,
  repeatable: true,
  ephemeral: false,
  settling: false,
  ...kind,
});
const once = { repeatable: false };
const lives = { ephemeral: true };

describe("the states of a run", () => {
  test("an ended run never changes again", () => {
    for (const state of ["succeeded", "failed", "aborted"] as const) expect(RUN_TRANSITIONS[state]).toEqual([]);
  });

  test("a run is claimed from the queue or from a runner, never while it waits for an operator", () => {
    expect(statesBefore("running")).toEqual(["queued", "running"]);
  });

  test("every open state can end in each of the ways that stop a run", () => {
    for (const end of ["failed", "aborted"] as const) expect(statesBefore(end)).toEqual(RUN_STATES.slice(0, 3));
  });
});

describe("a take-over", () => {
  test("goes on after the last step that succeeded", () => {
    expect(planTakeOver([step("succeeded"), step("pending")])).toEqual({ kind: "continue", resetFrom: null });
  });

  test.each(["running", "aborted", "failed"] as const)("repeats a repeatable step that was %s", (state) => {
    expect(planTakeOver([step("succeeded"), step(state), step("pending")])).toEqual({ kind: "continue", resetFrom: 1 });
  });

  test.each(["running", "aborted", "failed", "waiting"] as const)(
    "asks about a step that may not be repeated and was %s",
    (state) => {
      expect(planTakeOver([step("succeeded"), step(state, once)])).toEqual({ kind: "ask", step: 1 });
    },
  );

  test("repeats what lived in the runner that died, and everything after it", () => {
    const steps = [step("succeeded"), step("succeeded", lives), step("succeeded"), step("pending")];
    expect(planTakeOver(steps)).toEqual({ kind: "continue", resetFrom: 1 });
  });

  test("does not repeat what a later step made outlive the runner", () => {
    const steps = [step("succeeded", lives), step("succeeded", { ...once, settling: true }), step("running")];
    expect(planTakeOver(steps)).toEqual({ kind: "continue", resetFrom: 2 });
  });

  test("does not recover over what an operator settled by hand", () => {
    const steps = [step("succeeded", lives), step("skipped", { ...once, settling: true }), step("pending")];
    expect(planTakeOver(steps)).toEqual({ kind: "continue", resetFrom: null });
  });

  test("asks before a step that succeeded once is carried out again for the sake of an earlier one", () => {
    const steps = [step("succeeded", lives), step("succeeded", once), step("pending")];
    expect(planTakeOver(steps)).toEqual({ kind: "ask", step: 1 });
  });

  interface Kind {
    repeatable: boolean;
    ephemeral: boolean;
    settling: boolean;
  }
  const kinds = fc.array(fc.record({ repeatable: fc.boolean(), ephemeral: fc.boolean(), settling: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  });
  const deaths = fc.array(fc.record({ after: fc.nat(12), inMiddle: fc.boolean() }), { maxLength: 5 });
  const answers = fc.array(fc.constantFrom("skip", "retry"), { maxLength: 20 });

  interface Fate {
    deaths: { after: number; inMiddle: boolean }[];
    answers: string[];
  }

  /** A run whose runners die, carried out as performSteps does; it counts how often a step was carried out unasked. */
  class LivedRun {
    readonly states: StepState[];
    readonly unasked: number[];
    readonly #allowed = new Set<number>();

    constructor(private readonly plan: readonly Kind[]) {
      this.states = plan.map(() => "pending");
      this.unasked = plan.map(() => 0);
    }

    takeOver(answers: string[]): "asked" | "goes on" {
      const stored = this.plan.map((kind, index) => ({ ...kind, key: "k", state: this.states[index] ?? "pending" }));
      const takeOver = planTakeOver(stored);
      if (takeOver.kind === "ask") {
        const isRetry = answers.shift() === "retry";
        if (isRetry) this.#allowed.add(takeOver.step);
        this.states[takeOver.step] = isRetry ? "pending" : "skipped";
        return "asked";
      }
      const from = takeOver.resetFrom ?? this.plan.length;
      this.states.forEach((state, index) => {
        if (index >= from && state !== "skipped") this.states[index] = "pending";
      });
      return "goes on";
    }

    carryOut(death: Fate["deaths"][number] | undefined): "died" | "ended" {
      const todo = [...this.plan.keys()].filter((index) => this.states[index] === "pending");
      const whole = death ? todo.slice(0, death.after) : todo;
      for (const index of whole) this.#perform(index, "succeeded");
      const next = todo[whole.length];
      if (next === undefined) return "ended";
      if (death?.inMiddle) this.#perform(next, "running");
      return "died";
    }

    #perform(index: number, state: StepState): void {
      if (!this.#allowed.delete(index)) this.unasked[index] = (this.unasked[index] ?? 0) + 1;
      this.states[index] = state;
    }
  }

  function live(plan: readonly Kind[], fate: Fate): LivedRun {
    const run = new LivedRun(plan);
    const [deathsLeft, answersLeft] = [[...fate.deaths], [...fate.answers]];
    for (let turns = 0; turns < 200; turns += 1) {
      if (run.takeOver(answersLeft) === "goes on" && run.carryOut(deathsLeft.shift()) === "ended") return run;
    }
    throw new Error("the run never ended");
  }

  test("never carries a step out twice that may not be repeated, however often runners die, unless an operator says so", () => {
    fc.assert(
      fc.property(kinds, deaths, answers, (plan, fates, words) => {
        const { unasked } = live(plan, { deaths: fates, answers: words });
        plan.forEach((kind, index) => {
          if (!kind.repeatable) expect(unasked[index]).toBeLessThanOrEqual(1);
        });
      }),
      { numRuns: 500 },
    );
  });

  test("ends with every step succeeded or skipped, and skips none without an operator's word", () => {
    fc.assert(
      fc.property(kinds, deaths, (plan, fates) => {
        const repeatable = plan.map((kind) => ({ ...kind, repeatable: true }));
        const { states } = live(repeatable, { deaths: fates, answers: [] });
        expect(states.every((state) => state === "succeeded")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("progress", () => {
  test("tells no rate before half a second, and none without anything done", () => {
    expect(measureProgress({ done: 5, total: 10, unit: "bytes" }, 400).ratePerSecond).toBeNull();
    expect(measureProgress({ done: 0, total: 10, unit: "bytes" }, 4_000).secondsLeft).toBeNull();
  });

  test("tells the rate of the whole step and the time that is left at it", () => {
    expect(measureProgress({ done: 50, total: 200, unit: "bytes" }, 5_000)).toEqual({
      done: 50,
      total: 200,
      unit: "bytes",
      ratePerSecond: 10,
      secondsLeft: 15,
    });
    expect(measureProgress({ done: 50, total: null, unit: "bytes" }, 5_000).secondsLeft).toBeNull();
    expect(measureProgress({ done: 300, total: 200, unit: "bytes" }, 5_000).secondsLeft).toBe(0);
    const expected = { total: 200, unit: "bytes", isTotalExpected: true } as const;
    expect(measureProgress({ done: 50, ...expected }, 5_000)).toMatchObject({ isTotalExpected: true, secondsLeft: 15 });
    expect(measureProgress({ done: 201, ...expected }, 5_000)).toEqual({
      ...{ done: 201, total: null, unit: "bytes" },
      ...{ ratePerSecond: 40.2, secondsLeft: null },
    });
  });
});
