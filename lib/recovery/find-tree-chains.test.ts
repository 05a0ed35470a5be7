import { expect, test } from "vitest";
import { type TreeRow, backupsNear, findTreeChains } from "./find-tree-chains";

const at = (hour: number) => new Date(Date.UTC(2026, 10, 23, hour));
const row = (id: string, hour: number, change: Partial<TreeRow> = {}): TreeRow => ({
  ...{ id, repositoryId: "r1", repository: "primary", type: "full", parentId: null },
  ...{ startedAt: at(hour), endedAt: at(hour + 1), sizeBytes: 10, plainBytes: 30, isProven: false },
  ...change,
});
const incremental = (id: string, hour: number, parentId: string) => row(id, hour, { type: "incremental", parentId });
/** Newest first, as the catalogue gives them. */
const ROWS = [incremental("c", 12, "b"), incremental("b", 6, "a"), row("a", 2)];

test("a time is reached by the newest backup that had ended, with all that it continues", () => {
  const { chains } = findTreeChains(ROWS, { kind: "time", at: at(11) });
  expect(chains).toMatchObject([{ backupId: "b", increments: 1, fullBytes: 20, plainBytes: 60 }]);
  expect(chains[0]?.fullAt).toBe(at(2).toISOString());
});

test("a backup that was under way at the time does not count", () => {
  expect(findTreeChains(ROWS, { kind: "time", at: at(12) }).chains[0]?.backupId).toBe("b");
});

test("a chain with a hole is none, and what is unknown of one part is unknown of all", () => {
  expect(findTreeChains([ROWS[0] ?? row("x", 1)], { kind: "latest" }).chains).toEqual([]);
  const rows = [incremental("b", 6, "a"), row("a", 2, { plainBytes: null })];
  expect(findTreeChains(rows, { kind: "latest" }).chains).toMatchObject([{ plainBytes: null, fullBytes: 20 }]);
});

test("a time before every backup is reached by none, and the first one is offered", () => {
  expect(findTreeChains(ROWS, { kind: "time", at: at(1) })).toMatchObject({
    chains: [],
    nearest: { before: null, after: at(3) },
  });
});

test("a copy in each repository is a chain of its own, and a neighbour once", () => {
  const rows = [row("a", 2), row("a", 2, { repository: "secondary", repositoryId: "r2" })];
  expect(findTreeChains(rows, { kind: "latest" }).chains.map(({ repository }) => repository)).toEqual([
    "primary",
    "secondary",
  ]);
  expect(backupsNear(rows, at(5)).before).toHaveLength(1);
});
