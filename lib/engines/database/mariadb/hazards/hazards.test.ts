import { describe, expect, test } from "vitest";
import { parseRights } from "../read-rights";
import { findLogHazards, type LogSettings } from "./find-log-hazards";
import { findRightHazards } from "./find-right-hazards";
import { enumHasEmptyMember, findTableHazards } from "./find-table-hazards";
import type { CatalogueTable } from "./read-catalogue";
import { findVersionHazards, parseServerVersion } from "./server-version";

describe("a server's version", () => {
  test.each(["10.6.0-MariaDB", "10.11.19-MariaDB-0+deb12u1-log", "11.4.2-MariaDB", "5.5.5-10.6.1-MariaDB"])(
    "%s is accepted",
    (version) => {
      expect(findVersionHazards(version)).toEqual([]);
    },
  );

  test("of MariaDB before 10.6 is refused", () => {
    expect(findVersionHazards("10.5.28-MariaDB").map(({ id, effect }) => [id, effect])).toEqual([
      ["unsupported-version", "refuse"],
    ]);
  });

  test.each(["8.0.36", "8.4.0-commercial", "5.7.44-log"])(
    "%s is MySQL's and refused with the sentence of the documentation",
    (version) => {
      const [hazard] = findVersionHazards(version);
      expect(hazard).toMatchObject({ id: "not-mariadb", effect: "refuse" });
      expect(hazard?.hint).toContain("no claim without a proof");
    },
  );
});

const LOG: LogSettings = {
  isOn: true,
  format: "ROW",
  rowImage: "FULL",
  checksum: "CRC32",
  expireSeconds: 864_000,
  filters: "",
};

describe("the log", () => {
  test("with the right settings has no hazard, also where it never expires", () => {
    expect(findLogHazards(LOG)).toEqual([]);
    expect(findLogHazards({ ...LOG, expireSeconds: 0 })).toEqual([]);
  });

  test("that is off is one hazard, whatever else is set", () => {
    expect(findLogHazards({ ...LOG, isOn: false, format: "MIXED" }).map(({ id }) => id)).toEqual(["binlog-off"]);
  });

  test("with several bad settings names each", () => {
    const found = findLogHazards({
      isOn: true,
      format: "STATEMENT",
      rowImage: "NOBLOB",
      checksum: "NONE",
      expireSeconds: 60,
      filters: "shop",
    });
    expect(found.map(({ id }) => id)).toEqual([
      "binlog-format",
      "binlog-format",
      "binlog-filtered",
      "binlog-checksum-off",
      "binlog-expiry-short",
    ]);
  });
});

describe("routines", () => {
  test("are seen by a right of their own from 11.3 on, and only there", () => {
    const rights = parseRights(["GRANT SHOW CREATE ROUTINE, SHOW DATABASES ON *.* TO `a`@`%`"]);
    const ids = (version: string) =>
      findRightHazards(rights, parseServerVersion(version), ["shop"]).map(({ id }) => id);
    expect(ids("11.4.2-MariaDB")).not.toContain("missing-routine-right");
    expect(ids("10.11.19-MariaDB")).toContain("missing-routine-right");
  });
});

describe("an ENUM", () => {
  test.each([
    ["enum('a','')", true],
    ["enum('','a')", true],
    ["enum('')", true],
    ["enum('a','it''s')", false],
    ["enum(''',','b')", false],
    ["enum('''','')", true],
    ["enum('a''')", false],
  ])("%s has the empty string as a member: %s", (type, expected) => {
    expect(enumHasEmptyMember(type)).toBe(expected);
  });
});

describe("a table with a history", () => {
  const table: CatalogueTable = {
    schema: "shop",
    name: "t",
    kind: "versioned",
    engine: "InnoDB",
    isTransactional: true,
    rows: 1,
    hasUniqueKey: true,
    oddColumns: [{ name: "s", dataType: "timestamp", columnType: "timestamp(6)", isRowStart: true }],
  };
  const ids = (version: string) =>
    findTableHazards([table], parseServerVersion(version)).map(({ id, effect }) => [id, effect]);

  test("loses it on a server that cannot take it back, and says so before", () => {
    expect(ids("10.6.20-MariaDB")).toEqual([["history-not-dumped", "lossy"]]);
  });

  test("keeps it from 10.11 on", () => {
    expect(ids("10.11.2-MariaDB")).toEqual([]);
  });
});
