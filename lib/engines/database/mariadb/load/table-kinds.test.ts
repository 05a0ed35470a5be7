import { describe, expect, test } from "vitest";
import { parseTableDefinition } from "../dump/table-definition";
import { canDeferKeys, canLoadInParts, canLoadText } from "./table-kinds";

const table = (lines: readonly string[], tail = ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;") =>
  parseTableDefinition(["CREATE TABLE `t` (", lines.map((line) => `  ${line}`).join(",\n"), tail].join("\n"));
const COLUMNS = ["`id` int(11) NOT NULL", "`a` int(11) DEFAULT NULL", "PRIMARY KEY (`id`)"];
const KEY = "KEY `a` (`a`)";

describe("keys are built after the rows only where that is certain to come out equal", () => {
  const may = (lines: string[], tail?: string) => {
    const definition = table(lines, tail);
    return definition !== null && canDeferKeys(definition);
  };

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

describe("rows go in by several connections only where the primary key is the only one meanwhile", () => {
  const may = (lines: string[], tail?: string) => {
    const definition = table(lines, tail);
    return definition !== null && canLoadInParts(definition);
  };

  test.each([
    ["no other key", COLUMNS, true],
    ["keys that are built later", [...COLUMNS, KEY], true],
    ["a key that stays", [...COLUMNS, "FULLTEXT KEY `a` (`a`)"], false],
    ["no primary key", ["`a` int(11)"], false],
    ["another first key", ["`a` int(11) NOT NULL", "UNIQUE KEY `a` (`a`)"], false],
  ])("a table with %s", (_name, lines, expected) => {
    expect(may(lines)).toBe(expected);
    expect(may(lines, ") ENGINE=MyISAM;")).toBe(false);
  });
});

describe("rows go as lines only where each value is a number, NULL or a text in quotes", () => {
  const may = (characterSet: "binary" | "utf8mb4", lines: string[], tail?: string) => {
    const definition = table([...COLUMNS, ...lines], tail);
    return definition !== null && canLoadText(definition, characterSet);
  };

  test.each([
    "`b` double DEFAULT NULL",
    "`b` decimal(65,30) unsigned DEFAULT 0.0",
    "`b` year(4) DEFAULT NULL",
    "`b` timestamp(6) NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6)",
    "`int` varchar(10) CHARACTER SET utf16 COLLATE utf16_general_ci DEFAULT 'binary(3)'",
    "`b``c` enum('a','it''s') DEFAULT NULL",
    "`b` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`b`))",
    "`b` varchar(200) /*M!100301 COMPRESSED*/ DEFAULT NULL",
  ])("%s does, in both character sets", (line) => {
    expect([may("binary", [line]), may("utf8mb4", [line])]).toEqual([true, true]);
  });

  test.each(["`b` bit(1) DEFAULT NULL", "`b` varbinary(9) DEFAULT NULL", "`b` longblob DEFAULT NULL"])(
    "%s does where bytes are written as they are",
    (line) => {
      expect([may("binary", [line]), may("utf8mb4", [line])]).toEqual([true, false]);
    },
  );

  test.each([
    ["an address", ["`b` inet6 DEFAULT NULL"], undefined],
    ["a UUID", ["`b` uuid DEFAULT NULL"], undefined],
    ["a shape", ["`b` geometry DEFAULT NULL"], undefined],
    ["a year of two digits", ["`b` year(2) DEFAULT NULL"], undefined],
    ["a virtual column", ["`b` int(11) GENERATED ALWAYS AS (`a` + 1) VIRTUAL"], undefined],
    ["a stored column", ["`b` int(11) GENERATED ALWAYS AS (`a` + 1) STORED"], undefined],
    ["an invisible column", ["`b` int(11) INVISIBLE DEFAULT 7"], undefined],
    ["a period", ["PERIOD FOR `p` (`a`, `b`)"], undefined],
    ["a history", [], ") ENGINE=InnoDB WITH SYSTEM VERSIONING;"],
    ["partitions", [], ") ENGINE=InnoDB\n PARTITION BY HASH (`id`);"],
    ["another engine", [], ") ENGINE=MyISAM;"],
  ])("not those of a table with %s", (_name, lines, tail) => {
    expect([may("binary", lines, tail), may("utf8mb4", lines, tail)]).toEqual([false, false]);
  });

  test("not texts of bytes that the dump writes in hexadecimal", () => {
    expect(may("utf8mb4", ["`b` enum('a') CHARACTER SET binary DEFAULT NULL"])).toBe(false);
    expect(may("utf8mb4", [], ") ENGINE=InnoDB DEFAULT CHARSET=binary;")).toBe(false);
  });
});
