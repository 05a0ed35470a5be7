import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LoadStep, type RewriteOptions, TableRewriter } from "./rewrite-tables";

const table = (name: string, lines: string[], tail = ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;") =>
  [`CREATE TABLE \`${name}\` (`, lines.map((line) => `  ${line}`).join(",\n"), tail].join("\n");

const section = (name: string, create: string, rows: number) =>
  `\nDROP TABLE IF EXISTS \`${name}\`;\n${create}\n\n--\n-- Dumping data for table \`${name}\`\n--\n\n/*!40000 ALTER TABLE \`${name}\` DISABLE KEYS */;\n${
    rows > 0
      ? `INSERT INTO \`${name}\` VALUES\n${Array.from({ length: rows }, (_, n) => `(${n},1)`).join(",\n")};\n`
      : ""
  }/*!40000 ALTER TABLE \`${name}\` ENABLE KEYS */;\n`;

const COLUMNS = ["`id` int(11) NOT NULL", "`a` int(11) DEFAULT NULL", "PRIMARY KEY (`id`)"];
const FOREIGN = "CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`)";
const PLAIN = section("plain", table("plain", COLUMNS), 3);
const KEYED = section("keyed", table("keyed", [...COLUMNS, "UNIQUE KEY `u` (`a`)", "KEY `k` (`a`,`id`)"]), 50);
const CHILD = section("child", table("child", [...COLUMNS, "KEY `a` (`a`)", FOREIGN]), 0);
const ODD = section(
  "odd",
  "CREATE TABLE `odd` (\n  `a\nb` int(11),\n  FOREIGN KEY (`a\nb`) REFERENCES `p` (`id`)\n) ENGINE=InnoDB;",
  1,
);
const DUMP = `/*!40101 SET NAMES utf8mb4 */;\n\nUSE \`shop\`;\n${PLAIN}${KEYED}${CHILD}${ODD}\nUSE \`x\`\`y\`;\n${KEYED}\n-- Dump completed\n`;

function rewrite(text: string, options: number | RewriteOptions, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const rewriter = new TableRewriter(typeof options === "number" ? { largeTableBytes: options } : options);
  const ends = [...new Set(cuts)].sort((a, b) => a - b).concat(bytes.length);
  const steps = ends.flatMap((end, index) => rewriter.push(bytes.subarray(ends[index - 1] ?? 0, end)));
  const { steps: last, constraints } = rewriter.end();
  const all = [...steps, ...last];
  // Neighbouring pieces of SQL are one: where they are cut means nothing.
  const merged: (string | Exclude<LoadStep, { kind: "sql" }>)[] = [];
  for (const step of all) {
    const before = merged.at(-1);
    if (step.kind !== "sql") merged.push(step);
    else if (typeof before === "string") merged[merged.length - 1] = before + step.bytes.toString("utf8");
    else merged.push(step.bytes.toString("utf8"));
  }
  return { steps: merged, constraints };
}

describe("a dump on its way into a server", () => {
  test("without foreign keys and large tables goes through byte by byte", () => {
    const text = `USE \`shop\`;\n${PLAIN}${KEYED}`;
    expect(rewrite(text, 1e9)).toEqual({ steps: [text], constraints: [] });
  });

  test("has the keys of a large table built after its rows, in their order", () => {
    const { steps } = rewrite(`USE \`shop\`;\n${KEYED}${PLAIN}`, 1);
    const [before, keys, after] = steps;
    expect(steps.length).toBe(3);
    expect(before).not.toMatch(/KEY `[uk]`/);
    expect(before).toContain("PRIMARY KEY (`id`)\n) ENGINE=InnoDB");
    expect(String(before).endsWith("ENABLE KEYS */;\n")).toBe(true);
    expect(keys).toEqual({
      kind: "keys",
      schema: "shop",
      table: "keyed",
      sql: "ALTER TABLE `keyed` ADD UNIQUE KEY `u` (`a`), ADD KEY `k` (`a`,`id`)",
    });
    expect(after).toBe(PLAIN);
  });

  test("keeps the keys of a table whose rows are few", () => {
    const size = KEYED.length;
    expect(rewrite(`USE \`shop\`;\n${KEYED}`, size).steps).toEqual([`USE \`shop\`;\n${KEYED}`]);
  });

  test("has its foreign keys taken out and given back at the end, with their schema", () => {
    const { steps, constraints } = rewrite(`USE \`shop\`;\n${CHILD}`, 1e9);
    expect(steps.join("")).not.toContain("FOREIGN KEY");
    expect(steps.join("")).toContain("KEY `a` (`a`)\n) ENGINE");
    expect(constraints).toEqual([{ schema: "shop", table: "child", sql: `ALTER TABLE \`child\` ADD ${FOREIGN}` }]);
  });

  test("is waited for where a foreign key could not be taken out", () => {
    const { steps } = rewrite(`USE \`shop\`;\n${KEYED}${ODD}`, 1);
    expect(steps.map((step) => (typeof step === "string" ? "sql" : step.kind))).toEqual([
      "sql",
      "keys",
      "sql",
      "wait",
      "sql",
    ]);
    expect(steps.at(-1)).toContain("FOREIGN KEY (`a\nb`)");
  });

  test("comes out the same however its bytes arrive", () => {
    for (const large of [1, 200, 1e9]) {
      const expected = rewrite(DUMP, large);
      expect(
        rewrite(
          DUMP,
          large,
          Array.from({ length: DUMP.length - 1 }, (_, index) => index + 1),
        ),
      ).toEqual(expected);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: DUMP.length - 1 }), { maxLength: 30 }), (cuts) => {
          expect(rewrite(DUMP, large, cuts)).toEqual(expected);
        }),
      );
    }
  });

  test("that is cut is refused", () => {
    expect(() => rewrite(DUMP.slice(0, DUMP.indexOf("(2,1)")), 1)).toThrow("ends inside");
  });

  describe("into a server that reads lines from this machine", () => {
    const AS_LINES = { asLines: true, largeTableBytes: 1 };
    const lines = (text: string) => rewrite(`/*!40101 SET NAMES utf8mb4 */;\nUSE \`shop\`;\n${text}`, AS_LINES).steps;
    const kinds = (text: string) => lines(text).map((step) => (typeof step === "string" ? "sql" : step.kind));

    test("has the rows of a large table as lines, before its keys", () => {
      const [before, begin, ...rest] = lines(KEYED + PLAIN);
      expect(String(before).endsWith("DISABLE KEYS */;")).toBe(true);
      expect(begin).toEqual({
        kind: "begin-lines",
        into: "INTO TABLE `keyed` CHARACTER SET utf8mb4",
        inAnyOrder: true,
      });
      const text = rest.map((step) => (typeof step !== "string" && step.kind === "lines" ? step.bytes.toString() : ""));
      expect(text.join("").startsWith("(0,1),\n(1,1),\n")).toBe(true);
      expect(rest.filter((step) => typeof step !== "string" && step.kind !== "lines")).toMatchObject([
        { kind: "end-lines", rows: 50 },
        { kind: "keys", table: "keyed" },
        { kind: "begin-lines", into: "INTO TABLE `plain` CHARACTER SET utf8mb4" },
        { kind: "end-lines", rows: 3 },
      ]);
      expect(rest.at(-1)).toMatch(/ENABLE KEYS \*\/;\n$/);
    });

    test("keeps the rows of a small table, and of one whose INSERT names its columns", () => {
      expect(rewrite(`/*!40101 SET NAMES binary */;\n${PLAIN}`, { asLines: true }).steps.length).toBe(1);
      expect(kinds(PLAIN.replace("INTO `plain` VALUES", "INTO `plain` (`id`, `a`) VALUES"))).toEqual(["sql"]);
    });

    test("keeps all rows where the dump speaks another character set, or none", () => {
      expect(rewrite(`/*!40101 SET NAMES sjis */;\n${PLAIN}`, AS_LINES).steps.length).toBe(1);
      expect(rewrite(PLAIN, AS_LINES).steps.length).toBe(1);
    });

    test("has them the same however its bytes arrive", () => {
      const joined = (cuts: readonly number[]) => {
        const { steps } = rewrite(DUMP, AS_LINES, cuts);
        const text = steps.map((step) =>
          typeof step === "string" ? step : step.kind === "lines" ? step.bytes.toString() : `<${step.kind}>`,
        );
        return text.join("");
      };
      const expected = joined([]);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: DUMP.length - 1 }), { maxLength: 30 }), (cuts) => {
          expect(joined(cuts)).toBe(expected);
        }),
      );
    });
  });
});
