import { describe, expect, test } from "vitest";
import { RUNBOOKS, findRunbook, stepsOf } from "./runbook";

describe.each(RUNBOOKS.map((runbook) => [runbook.id, runbook] as const))("the runbook %s", (id, runbook) => {
  test("is found by its id, and no other is", () => {
    expect(findRunbook(id)).toBe(runbook);
    expect(findRunbook(`${id}-2`)).toBeUndefined();
    expect(RUNBOOKS.filter((each) => each.id === id)).toHaveLength(1);
  });

  test("names each step once, and says what it does in a sentence", () => {
    const keys = runbook.steps.map((step) => step.key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const step of runbook.steps) {
      expect(step.does).toMatch(/^[A-Z].*\.$/);
      expect(step.title).not.toMatch(/[.!]$/);
      expect(step.estimateSeconds).toBeGreaterThan(0);
    }
  });

  test("estimates within what the standard gives for the whole", () => {
    const live = stepsOf(runbook, "live").reduce((sum, step) => sum + step.estimateSeconds, 0);
    expect(live).toBeGreaterThanOrEqual(runbook.estimateSeconds.from);
    expect(live).toBeLessThanOrEqual(runbook.estimateSeconds.to);
  });

  test("has nothing in a drill that touches production, and nothing live that only a drill does", () => {
    const touching = runbook.steps.filter((step) => !step.ephemeral && step.key !== "assess");
    expect(touching.map((step) => step.drill)).toEqual(touching.map(() => "not-exercised"));
    expect(stepsOf(runbook, "live").some((step) => step.drillOnly)).toBe(false);
    expect(stepsOf(runbook, "drill")).toHaveLength(runbook.steps.length);
  });

  test("does not repeat what cannot be taken back, and settles with it what came before", () => {
    const once = runbook.steps.filter((step) => !step.repeatable);
    expect(once.length).toBeGreaterThan(0);
    for (const step of once) expect(step).toMatchObject({ ephemeral: false, settling: true });
    // Whatever comes after it must not need what lived in the runner.
    const after = runbook.steps.slice(runbook.steps.findIndex((step) => !step.repeatable) + 1);
    expect(after.every((step) => !step.ephemeral && step.repeatable)).toBe(true);
  });
});
