import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RowDigest, type RowFacts } from "./row-digest";

function digest(text: string, options: { ordered: boolean; cuts?: number[] }): RowFacts {
  const bytes = Buffer.from(text);
  const ends = [...new Set(options.cuts ?? [])].sort((a, b) => a - b).concat(bytes.length);
  const rows = new RowDigest(options.ordered);
  ends.forEach((end, index) => rows.push(bytes.subarray(ends[index - 1] ?? 0, end)));
  return rows.facts();
}

const ROWS = ["(1,'a,\\n(;')", "(2,';')", "(2,';')", "(3,'),')", "(4,NULL)"];
const HEADER = "INSERT INTO `t` VALUES\n";
const ONE = `\n${HEADER}${ROWS.join(",\n")};\n`;
/** The same rows as another buffer size would print them. */
const TWO = `\n${HEADER}${ROWS.slice(0, 2).join(",\n")};\n${HEADER}${ROWS.slice(2).join(",\n")};\n`;
/** As tables with a history, or with columns that are not in order, are printed. */
const NAMED = `\nINSERT INTO \`t\` (\`a\`, \`b VALUES (\n\`, row_start) VALUES ${ROWS.join(",\n")};\n`;

describe.each([true, false])("rows that are counted and digested (in order: %s)", (ordered) => {
  test("are as many as there are, however they are cut into statements", () => {
    const one = digest(ONE, { ordered });
    expect(one.rows).toBe(5);
    expect(digest(TWO, { ordered })).toEqual(one);
    expect(digest(NAMED, { ordered })).toEqual(one);
  });

  test("give the same digest however their bytes arrive", () => {
    for (const text of [ONE, TWO, NAMED]) {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 30 }), (cuts) => {
          expect(digest(text, { ordered, cuts })).toEqual(digest(ONE, { ordered }));
        }),
      );
    }
  });

  test("give another digest when a value changes, a row is missing or one is there twice", () => {
    const original = digest(ONE, { ordered }).sha256;
    for (const other of [
      ONE.replace("NULL", "0"),
      ONE.replace("(3,'),'),\n", ""),
      ONE.replace("(2,';'),\n(2,';'),\n", ""),
      ONE.replace("(1,", "(1,1),\n(1,"),
    ]) {
      expect(digest(other, { ordered }).sha256).not.toBe(original);
    }
  });

  test("that end inside a row or a statement are refused", () => {
    expect(() => digest(ONE.slice(0, -1), { ordered })).toThrow("end inside a statement");
    expect(() => digest(ONE.slice(0, -12), { ordered })).toThrow("end inside a statement");
    expect(() => digest("\nINSERT INTO `t` VALU", { ordered })).toThrow("end inside a statement");
    expect(() => digest("\nREPLACE INTO `t` VALUES\n(1);\n", { ordered })).toThrow("no INSERT");
    expect(() => digest("\nINSERT INTO `t` VALUES\nx;\n", { ordered })).toThrow("has no row");
  });
});

describe("the order of rows", () => {
  const swapped = `\n${HEADER}${[...ROWS].reverse().join(",\n")};\n`;

  test("counts where the table gives one", () => {
    expect(digest(swapped, { ordered: true }).sha256).not.toBe(digest(ONE, { ordered: true }).sha256);
  });

  test("does not count where it gives none", () => {
    expect(digest(swapped, { ordered: false })).toEqual(digest(ONE, { ordered: false }));
  });
});

describe("the digest of rows in order", () => {
  test("is SHA-256 of their lines, which anybody can compute", () => {
    const lines = ROWS.map((row) => `${row},\n`).join("");
    expect(digest(ONE, { ordered: true }).sha256).toBe(createHash("sha256").update(lines).digest("hex"));
  });
});
