import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { recordFigure } from "./record-figure";

test("a full run collects one line of JSON for each figure", async () => {
  const directory = await mkdtemp(join(tmpdir(), "figures-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const environment = { NODE_ENV: "test", HOLDFAST_FIGURES: join(directory, "figures.ndjson") } as const;
  recordFigure({ name: "a", value: 1, unit: "s" }, environment);
  recordFigure({ name: "b", value: 2, unit: "s", baseline: { name: "gzip", value: 8 } }, environment);
  const lines = (await readFile(environment.HOLDFAST_FIGURES, "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { name: "a", value: 1, unit: "s" },
    { name: "b", value: 2, unit: "s", baseline: { name: "gzip", value: 8 } },
  ]);
});
