import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chainIn } from "./links";
import { type LogBackupFact, newestLogOn } from "./model";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 0, minute));
const log = (minute: number, after: number | null): LogBackupFact => ({
  id: `l${minute}`,
  startedAt: at(minute),
  endedAt: at(minute + 1),
  after: after === null ? null : { id: `l${after}`, endedAt: at(after + 1) },
});
const tree = { startedAt: at(20) };

describe("how far the logs among files bring a tree forward", () => {
  test("is the newest that goes on without a hole from one that had ended before the tree was packed", () => {
    expect(newestLogOn(tree, [log(45, 30), log(30, 15), log(15, null)])?.id).toBe("l45");
    // The one before the tree need not be kept: its bytes are in the tree.
    expect(newestLogOn(tree, [log(45, 30), log(30, 15)])?.id).toBe("l45");
  });

  test("ends before one that is missing", () => {
    expect(newestLogOn(tree, [log(60, 45), log(30, 15)])?.id).toBe("l30");
    expect(newestLogOn(tree, [log(60, 45)])).toBeNull();
  });

  test("begins with any that holds each log from its first byte", () => {
    expect(newestLogOn(tree, [log(45, null)])?.id).toBe("l45");
  });

  test("needs the one that was under way when the tree was packed", () => {
    expect(newestLogOn({ startedAt: at(30) }, [log(45, 30)])).toBeNull();
    expect(newestLogOn({ startedAt: at(30) }, [log(45, 30), log(30, 15)])?.id).toBe("l45");
  });

  test("is nothing where none was taken since, and ends where they name each other", () => {
    expect(newestLogOn(tree, [log(15, null)])).toBeNull();
    expect(newestLogOn(tree, [log(45, 30), log(30, 45)])).toBeNull();
  });
});

describe("the chain of a backup in one repository", () => {
  const copy = (repositoryId: string, state = "present") => ({ repositoryId, state });

  test("is whole only with every backup down to its full, each with a copy there", () => {
    const rows = new Map(
      [
        { id: "f", parentId: null, copies: [copy("a"), copy("b")] },
        { id: "i1", parentId: "f", copies: [copy("a"), copy("b", "missing")] },
        { id: "i2", parentId: "i1", copies: [copy("a"), copy("b")] },
      ].map((row) => [row.id, row]),
    );
    expect(chainIn(rows, "i2", "a")?.map(({ id }) => id)).toEqual(["f", "i1", "i2"]);
    expect(chainIn(rows, "i2", "b")).toBeNull();
    expect(chainIn(rows, "f", "b")?.map(({ id }) => id)).toEqual(["f"]);
    expect(chainIn(rows, "gone", "a")).toBeNull();
  });

  test("of any parents at all ends, and never leaves out one that is missing", () => {
    const ids = ["a", "b", "c", "d"];
    const row = fc.record({ parentId: fc.constantFrom(null, ...ids), isThere: fc.boolean() });
    fc.assert(
      fc.property(fc.array(row, { minLength: 4, maxLength: 4 }), (drafts) => {
        const rows = new Map(
          drafts.map(({ parentId, isThere }, index) => {
            const id = ids[index] ?? "";
            return [id, { id, parentId, copies: isThere ? [copy("r")] : [] }];
          }),
        );
        for (const id of ids) {
          const chain = chainIn(rows, id, "r");
          if (!chain) continue;
          expect(chain[0]?.parentId).toBeNull();
          expect(chain.at(-1)?.id).toBe(id);
          expect(chain.every(({ copies }) => copies.length === 1)).toBe(true);
        }
      }),
    );
  });
});
