import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTableDefinition } from "../dump/table-definition";
import { type LoadStep, TableRewriter } from "./rewrite-tables";
import { canDeferKeys } from "./table-kinds";

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

function rewrite(text: string, largeTableBytes: number, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const rewriter = new TableRewriter({ largeTableBytes });
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
});

describe("keys are built after the rows only where that is certain to come out equal", () => {
  const may = (lines: string[], tail?: string) => {
    const definition = parseTableDefinition(table("t", lines, tail));
    return definition !== null && canDeferKeys(definition);
  };
  const KEY = "KEY `a` (`a`)";

  test("a plain InnoDB table with a primary key", () => {
    expect(may([...COLUMNS, KEY])).toBe(true);
    expect(may(["`id` int(11) NOT NULL AUTO_INCREMENT", "`a` int(11)", "PRIMARY KEY (`id`,`a`)", KEY])).toBe(true);
  });

  test.each([
    ["no key to build", COLUMNS, undefined],
    ["no primary key", ["`a` int(11)", KEY], undefined],
    ["another engine", [...COLUMNS, KEY], ") ENGINE=MyISAM;"],
    ["a history", [...COLUMNS, KEY], ") ENGINE=InnoDB WITH SYSTEM VERSIONING;"],
    ["partitions", [...COLUMNS, KEY], ") ENGINE=InnoDB\n PARTITION BY HASH (`id`);"],
    ["a period", [...COLUMNS, KEY, "PERIOD FOR `p` (`a`, `b`)"], undefined],
    ["a virtual column", ["`v` int(11) GENERATED ALWAYS AS (`a` + 1) VIRTUAL", ...COLUMNS, KEY], undefined],
    ["a full-text key", [...COLUMNS, "FULLTEXT KEY `a` (`a`)"], undefined],
    ["a spatial key", [...COLUMNS, "SPATIAL KEY `a` (`a`)"], undefined],
    ["a hash for a long value", [...COLUMNS, "UNIQUE KEY `a` (`a`) USING HASH"], undefined],
    [
      "a counter that is not first in the primary key",
      ["`n` bigint NOT NULL AUTO_INCREMENT", ...COLUMNS, "KEY `n` (`n`)"],
      undefined,
    ],
  ])("not a table with %s", (_name, lines, tail) => {
    expect(may(lines, tail)).toBe(false);
  });
});
