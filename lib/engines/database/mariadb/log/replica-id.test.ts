import fc from "fast-check";
import { expect, test } from "vitest";
import { deriveReplicaId } from "./replica-id";

test("a system's replica id is the same at every start and no small number that a person gives", () => {
  fc.assert(
    fc.property(fc.string(), (identity) => {
      const id = deriveReplicaId(identity, []);
      expect(id).toBe(deriveReplicaId(identity, [1, 2]));
      expect(id).toBeGreaterThanOrEqual(2 ** 30);
      expect(id).toBeLessThan(2 ** 32 - 1);
    }),
  );
  expect(deriveReplicaId("console/a", [])).not.toBe(deriveReplicaId("console/b", []));
});

test("an id that a server or replica has is never taken", () => {
  const first = deriveReplicaId("console/a", []);
  const second = deriveReplicaId("console/a", [first]);
  expect(second).not.toBe(first);
  expect(deriveReplicaId("console/a", [first, second])).not.toBe(second);
});
