import { expect, test } from "vitest";
import type { FileLogManifest } from "@/lib/backups";
import { findTreeLogs } from "./find-tree-logs";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 0, minute)).toISOString();
const log = (minute: number, after: number | null) =>
  ({
    id: `l${minute}`,
    startedAt: at(minute),
    endedAt: at(minute + 1),
    after: after === null ? null : { id: `l${after}`, endedAt: at(after + 1) },
  }) as FileLogManifest;

function find(logs: readonly FileLogManifest[], until = at(60)) {
  const said: string[] = [];
  const run = { say: (message: string) => said.push(message) };
  const found = findTreeLogs({ run } as unknown as Parameters<typeof findTreeLogs>[0], {
    tree: { startedAt: at(20) },
    logs,
    until: ({ endedAt }) => endedAt <= until,
  });
  return { ids: found.map(({ id }) => id), said };
}

test("the logs that follow a tree without a hole are taken in order, to the newest before the point", () => {
  const logs = [log(45, 30), log(30, 15), log(15, null)];
  expect(find(logs)).toEqual({ ids: ["l30", "l45"], said: [] });
  expect(find(logs, at(40))).toEqual({ ids: ["l30"], said: [] });
  expect(find([log(15, null)])).toEqual({ ids: [], said: [] });
});

test("where one of them is not there they end before it, and that is said once", () => {
  expect(find([log(59, 50), log(55, 50), log(30, 15)])).toMatchObject({ ids: ["l30"], said: [expect.any(String)] });
  expect(find([log(55, 50), log(50, 45)])).toMatchObject({ ids: [], said: [expect.stringMatching(/do not follow/)] });
});
