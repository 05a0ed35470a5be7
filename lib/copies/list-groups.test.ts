import fc from "fast-check";
import { expect, test } from "vitest";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { type ObjectGroup, listGroups } from "./list-groups";

const go = new AbortController().signal;
const ID = "01990000-0000-7000-8000-0000000000";

const nameOf = (group: ObjectGroup) =>
  group.kind === "backup" ? `${group.system}/${group.id}` : group.kind === "log" ? group.file : group.objects[0]?.key;

async function groupsOf(keys: readonly string[]): Promise<ObjectGroup[]> {
  const store = openMemoryStore();
  for (const key of keys) await store.put(key, Buffer.from("x"), { signal: go });
  return Array.fromAsync(listGroups(store, go));
}

test("what belongs together comes together, once, whatever lies between", async () => {
  const systems = fc.constantFrom("a", "a-b", "ab");
  const backups = fc.tuple(
    systems,
    fc.integer({ min: 10, max: 99 }),
    fc.constantFrom("manifest.json", "dump.sql.zst", "users.sql.zst"),
  );
  const logs = fc.tuple(
    systems,
    fc.integer({ min: 999_990, max: 1_000_010 }),
    fc.constantFrom("zst", "json", "json.sig", `0-9.${"a".repeat(64)}.zst`),
  );
  const foreign = fc.constantFrom("photos/1.jpg", "systems/a/readme", "systems/a/log/x");
  const keys = fc.uniqueArray(
    fc.oneof(
      backups.map(([system, id, name]) => `systems/${system}/${ID}${id}/${name}`),
      logs.map(([system, number, end]) => `systems/${system}/log/1/ab/binlog.${number}.${end}`),
      foreign,
    ),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(keys, async (all) => {
      const groups = await groupsOf([...all, "holdfast.json", "README.md", "doctor/2026-11-23/single", "audit/log/x"]);
      expect(groups.flatMap(({ objects }) => objects.map(({ key }) => key)).toSorted()).toEqual(all.toSorted());
      const names = groups
        .filter(({ kind }) => kind !== "foreign")
        .map((group) => `${group.kind} ${"system" in group ? group.system : ""} ${nameOf(group)}`);
      expect(new Set(names).size).toBe(names.length);
    }),
    { numRuns: 50 },
  );
});
