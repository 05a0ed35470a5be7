import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NameGuard, quoteTable } from "./guard-names";

const NAME = quoteTable("shop", "x\nDROP DATABASE shop;\n`y");
const TEXT = `#261123 12:00:00 server id 1  end_log_pos 9 CRC32 0x1 \tTable_map: ${NAME} mapped to number 42\nBINLOG 'AAA\n'/*!*/;\n`;

/** Hands a text on in pieces that end at the given places. */
function pass(guard: NameGuard, text: string, cuts: readonly number[]): string {
  const bytes = Buffer.from(text);
  const ends = [...new Set([...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  let from = 0;
  const out = ends.map((end) => {
    const piece = Buffer.from(bytes.subarray(from, end));
    from = end;
    return guard.push(piece);
  });
  return Buffer.concat([...out, guard.end()]).toString();
}

describe("a table's name with a line break", () => {
  test("stays in its comment, wherever the text is cut", () => {
    const expected = TEXT.replace(NAME, NAME.replaceAll("\n", " "));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 500 }), { maxLength: 12 }), (cuts) => {
        expect(pass(new NameGuard([NAME]), `${TEXT}${TEXT}`, cuts)).toBe(`${expected}${expected}`);
      }),
    );
  });

  test("is left as it is where it is no comment of the reader", () => {
    const statement = `CREATE TABLE ${NAME} (id INT)\n/*!*/;\n`;
    expect(pass(new NameGuard([NAME]), statement, [])).toBe(statement);
  });
});

test("a text whose names have no line break is handed on as it is, byte for byte", () => {
  const piece = Buffer.from(TEXT);
  const guard = new NameGuard([quoteTable("shop", "orders")]);
  expect(guard.push(piece)).toBe(piece);
  expect(guard.end()).toHaveLength(0);
});

test("quotes are doubled, as the reader does", () => {
  expect(quoteTable("a`b", "c")).toBe("`a``b`.`c`");
});
