import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedDumpError } from "../dump/split-dump";
import { type LineStep, LineSteps } from "./line-steps";
import { RowText } from "./row-text";

const TABLE = "`t``;\u2602`";
/** Rows as the dump writes them: what looks like an end is in a text, and no line end is raw. */
const ROWS = ["(1,'a;\\n',NULL)", "(-2.5e10,');\\n(','it\\'s')", "(3,'INSERT INTO `t` VALUES\\n',';')", "(4,'☂',0x00)"];
const insert = (rows: readonly string[]) => `INSERT INTO ${TABLE} VALUES\n${rows.join(",\n")};\n`;
const DUMP = `\n${insert(ROWS)}${insert(ROWS.slice(0, 1))}${insert(ROWS.slice(1))}`;
const LINES = [...ROWS, ...ROWS].map((row) => `${row},\n`).join("");

function* cutAt(text: string, cuts: readonly number[]): Generator<Buffer> {
  const bytes = Buffer.from(text);
  const ends = [...new Set(cuts)].sort((a, b) => a - b).concat(bytes.length);
  for (const [index, end] of ends.entries()) yield bytes.subarray(ends[index - 1] ?? 0, end);
}

function read(
  text: string,
  cuts: readonly number[] = [],
  linesBytes = 1e9,
): { into: string; text: string; rows: number }[] {
  const steps: LineStep[] = [];
  const sink = new LineSteps({ into: "x", inAnyOrder: false, linesBytes, emit: (step) => steps.push(step) });
  const rows = new RowText(TABLE, sink);
  for (const chunk of cutAt(text, cuts)) rows.push(chunk);
  rows.end();
  sink.end();
  const loads: { into: string; text: string; rows: number }[] = [];
  for (const step of steps) {
    const last = loads.at(-1);
    if (step.kind === "begin-lines") loads.push({ into: step.into, text: "", rows: -1 });
    else if (last && step.kind === "lines") last.text += step.bytes.toString("latin1");
    else if (last && step.kind === "end-lines") last.rows = step.rows;
  }
  return loads.map((load) => ({ ...load, text: Buffer.from(load.text, "latin1").toString("utf8") }));
}

describe("a table's INSERT statements", () => {
  test("become one line a row, counted", () => {
    expect(read(DUMP)).toEqual([{ into: "x", text: LINES, rows: 8 }]);
  });

  test("become the same however their bytes arrive", () => {
    const expected = read(DUMP);
    const size = Buffer.byteLength(DUMP);
    expect(
      read(
        DUMP,
        Array.from({ length: size - 1 }, (_, index) => index + 1),
      ),
    ).toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: size - 1 }), { maxLength: 20 }), (cuts) => {
        expect(read(DUMP, cuts)).toEqual(expected);
      }),
    );
  });

  test("become several loads where they are many, each with whole rows", () => {
    const loads = read(DUMP, [], 1);
    expect(loads.map(({ rows }) => rows)).toEqual([4, 1, 3]);
    expect(loads.map(({ text }) => text).join("")).toBe(LINES);
  });

  test("that are none become no load", () => {
    expect(read("\n")).toEqual([]);
  });

  test("of another table, or cut, are refused", () => {
    expect(() => read(DUMP.replaceAll("☂", "☃"))).toThrow(MalformedDumpError);
    expect(() => read(`${DUMP}INSERT INTO ${TABLE} (\`a\`) VALUES\n(1);\n`)).toThrow(MalformedDumpError);
    for (const end of [-1, -2, -20]) expect(() => read(DUMP.slice(0, end))).toThrow("inside a statement");
  });
});
