import { describe, expect, test } from "vitest";
import {
  comesInOrder,
  comparableDefinition,
  formatTableDefinition,
  keyColumns,
  parseTableDefinition,
} from "./table-definition";

const CREATE = `CREATE TABLE \`o\`\`rders\` (
  \`id\` int(11) NOT NULL AUTO_INCREMENT COMMENT 'a, KEY \`x\` (\`y\`)',
  \`a\` int(11) DEFAULT NULL,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`u\` (\`a\`(10),\`b\`\`c\` DESC) COMMENT '(\`z\`)',
  KEY \`k\` (\`a\`),
  CONSTRAINT \`f\` FOREIGN KEY (\`a\`) REFERENCES \`p\` (\`id\`) ON DELETE CASCADE,
  CONSTRAINT \`c\` CHECK (\`a\` > 0)
) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4
 PARTITION BY HASH (\`id\`);`;

const parse = (text: string) => {
  const definition = parseTableDefinition(text);
  if (!definition) throw new Error("it is understood");
  return definition;
};

describe("a definition", () => {
  test("is taken apart by the kind of each line", () => {
    const definition = parse(CREATE);
    expect(definition.name).toBe("o`rders");
    expect(definition.columns.length).toBe(4);
    expect(definition.keys).toEqual(["UNIQUE KEY `u` (`a`(10),`b``c` DESC) COMMENT '(`z`)'", "KEY `k` (`a`)"]);
    expect(definition.foreignKeys).toEqual([
      "CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE",
    ]);
    expect(definition.tail).toBe(
      ") ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4\n PARTITION BY HASH (`id`);",
    );
  });

  test("is put together again with everything that it had", () => {
    const lines = (text: string) =>
      text
        .split("\n")
        .map((line) => line.replace(/,$/, ""))
        .sort();
    expect(lines(formatTableDefinition(parse(CREATE)))).toEqual(lines(CREATE));
    expect(parseTableDefinition(formatTableDefinition(parse(CREATE)))).toEqual(parse(CREATE));
  });

  test.each([
    ["a line end in a name", "CREATE TABLE `a\nb` (\n  `c` int\n) ENGINE=InnoDB;"],
    ["a line end in a column", "CREATE TABLE `a` (\n  `b\nc` int\n) ENGINE=InnoDB;"],
    ["a clause of the future", "CREATE TABLE `a` (\n  `b` int,\n  NEW THING (`b`)\n) ENGINE=InnoDB;"],
    ["no end", "CREATE TABLE `a` (\n  `b` int,"],
    ["a missing comma", "CREATE TABLE `a` (\n  `b` int\n  `c` int\n) ENGINE=InnoDB;"],
  ])("with %s is not touched", (_name, text) => {
    expect(parseTableDefinition(text)).toBeNull();
  });

  test("is compared without the next number of its counter, and with everything else", () => {
    expect(comparableDefinition(CREATE)).not.toContain("17");
    expect(comparableDefinition(CREATE)).toBe(comparableDefinition(CREATE.replace("=17", "=18")));
    expect(comparableDefinition(CREATE)).not.toBe(comparableDefinition(CREATE.replace("KEY `k`", "KEY `l`")));
  });
});

describe("a key", () => {
  test("names its columns without prefix lengths and directions", () => {
    expect(keyColumns("KEY `k` (`a`(10),`b``c` DESC)")).toEqual(["a", "b`c"]);
  });
});

describe("rows of a table", () => {
  const table = (keys: string[], tail = ") ENGINE=InnoDB;") =>
    parse(
      [
        "CREATE TABLE `t` (",
        ...["`a` int", "`b` int", ...keys].map((line, i, all) => `  ${line}${i < all.length - 1 ? "," : ""}`),
        tail,
      ].join("\n"),
    );

  test("come in the order of InnoDB's primary key", () => {
    expect(comesInOrder(table(["PRIMARY KEY (`a`)", "KEY `b` (`b`)"]))).toBe(true);
    expect(comesInOrder(table(["PRIMARY KEY (`a`)", "KEY `b` (`b`,`a`)"]))).toBe(true);
  });

  test("come in no certain order without it, in another engine, or with two keys to choose from", () => {
    expect(comesInOrder(table(["UNIQUE KEY `a` (`a`)"]))).toBe(false);
    expect(comesInOrder(table(["PRIMARY KEY (`a`)"], ") ENGINE=MyISAM;"))).toBe(false);
    expect(comesInOrder(table(["PRIMARY KEY (`a`)", "KEY `x` (`b`,`a`)", "KEY `y` (`a`,`b`)"]))).toBe(false);
  });
});
