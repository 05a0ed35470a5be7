import { describe, expect, it } from "vitest";
import { formatEventDetail, listFieldChanges } from "./format";

describe("field changes", () => {
  it("name what differs and nothing else", () => {
    const before = { name: "Old", plan: { seats: 1, tags: ["a"] }, mfa: false };
    const after = { name: "New", plan: { seats: 1, tags: ["a", "b"] }, mfa: false, extra: 1 };
    expect(listFieldChanges(before, after)).toEqual([
      { path: "name", before: "Old", after: "New" },
      { path: "plan.tags", before: ["a"], after: ["a", "b"] },
      { path: "extra", before: undefined, after: 1 },
    ]);
  });

  it("name every field of what came into being or went", () => {
    expect(listFieldChanges(null, { a: 1, b: 2 }).map((change) => change.path)).toEqual(["a", "b"]);
    expect(listFieldChanges({ a: 1 }, null)).toEqual([{ path: "a", before: 1, after: undefined }]);
    expect(listFieldChanges(1, 2)).toEqual([{ path: "", before: 1, after: 2 }]);
    expect(listFieldChanges({ a: null }, { a: { b: 1 } })).toEqual([{ path: "a", before: null, after: { b: 1 } }]);
  });
});

describe("the detail of an event", () => {
  it("says which fields changed", () => {
    const changes = { before: { name: "a", email: "b", phone: "c" }, after: { name: "d", email: "e", phone: "f" } };
    expect(formatEventDetail({ changes, metadata: {} })).toBe("name and 2 more");
    expect(formatEventDetail({ changes: { before: { a: 1 }, after: { a: 2 } }, metadata: {} })).toBe("a");
    expect(formatEventDetail({ changes: { before: 1, after: 2 }, metadata: {} })).toBe("value");
  });

  it("says what the metadata says first, cut to one line", () => {
    expect(
      formatEventDetail({ changes: null, metadata: { format: "csv", rows: 3, empty: "", deep: {}, ok: true } }),
    ).toBe("format csv, rows 3, ok true");
    expect(formatEventDetail({ changes: null, metadata: {} })).toBe("");
    expect(formatEventDetail({ changes: null, metadata: { note: "x".repeat(200) } })).toHaveLength(80);
  });
});
