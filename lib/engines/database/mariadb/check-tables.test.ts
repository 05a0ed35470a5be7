import { describe, expect, test } from "vitest";
import { judgeCheck } from "./check-tables";

describe("CHECK TABLE's answer", () => {
  test.each([
    [[["status", "OK"]], "well"],
    [[["note", "The storage engine for the table doesn't support check"]], "unable"],
    [[["error", "Corrupt"]], "broken"],
    [
      [
        ["warning", "InnoDB: Index k has 3 entries, should be 4"],
        ["status", "OK"],
      ],
      "broken",
    ],
    [
      [
        ["error", "Table 'x' doesn't exist"],
        ["status", "Operation failed"],
      ],
      "broken",
    ],
    [[["status", "Table is already up to date"]], "broken"],
    [[], "broken"],
  ])("%j is %s", (rows, kind) => {
    expect(judgeCheck(rows.map(([type = "", text = ""]) => ({ type, text }))).kind).toBe(kind);
  });

  test("is shown in the words of the server, shortened", () => {
    const verdict = judgeCheck([{ type: "error", text: "x".repeat(1_000) }]);
    expect(verdict).toMatchObject({ kind: "broken", message: "x".repeat(300) });
  });
});
