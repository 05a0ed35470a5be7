import { describe, expect, test } from "vitest";
import { parseRights } from "./read-rights";

describe("rights", () => {
  test("on everything cover every schema and table", () => {
    const rights = parseRights(["GRANT SELECT, SHOW VIEW ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*X'"]);
    expect(rights.hasGlobal("SELECT")).toBe(true);
    expect(rights.hasOnSchema("SHOW VIEW", "any")).toBe(true);
    expect(rights.hasOnTable("SELECT", "mysql", "proc")).toBe(true);
    expect(rights.hasGlobal("TRIGGER")).toBe(false);
  });

  test("ALL PRIVILEGES cover every right, where they are given", () => {
    const rights = parseRights(["GRANT ALL PRIVILEGES ON `shop`.* TO `a`@`%` WITH GRANT OPTION"]);
    expect(rights.hasOnSchema("TRIGGER", "shop")).toBe(true);
    expect(rights.hasOnSchema("TRIGGER", "other")).toBe(false);
    expect(rights.hasGlobal("TRIGGER")).toBe(false);
    expect(parseRights(["GRANT ALL PRIVILEGES ON *.* TO `a`@`%`"]).hasGlobal("BINLOG MONITOR")).toBe(true);
  });

  test("on a pattern cover the schemas that it means, and `\\_` is the character", () => {
    const rights = parseRights(["GRANT EVENT ON `sh\\_op%`.* TO `a`@`%`", "GRANT TRIGGER ON `a_c.(d)-e`.* TO `a`@`%`"]);
    expect(rights.hasOnSchema("EVENT", "sh_op_two")).toBe(true);
    expect(rights.hasOnSchema("EVENT", "shxop")).toBe(false);
    expect(rights.hasOnSchema("TRIGGER", "abc.(d)-e")).toBe(true);
    expect(rights.hasOnSchema("TRIGGER", "abc.(d)-")).toBe(false);
  });

  test("on a table or on columns are none on the schema: the rest would be left out", () => {
    const rights = parseRights([
      "GRANT SELECT ON `shop`.`orders` TO `a`@`%`",
      "GRANT SELECT (`a`, `b`), TRIGGER ON `shop`.`x` TO `a`@`%`",
    ]);
    expect(rights.hasOnSchema("SELECT", "shop")).toBe(false);
    expect(rights.hasOnTable("SELECT", "shop", "orders")).toBe(true);
    expect(rights.hasOnTable("SELECT", "shop", "x")).toBe(false);
    expect(rights.hasOnTable("TRIGGER", "shop", "x")).toBe(true);
  });

  test("under their older name are the same", () => {
    expect(parseRights(["GRANT REPLICATION CLIENT ON *.* TO `a`@`%`"]).hasGlobal("BINLOG MONITOR")).toBe(true);
  });

  test("that are no rights are passed over", () => {
    const rights = parseRights([
      "GRANT `r1` TO `a`@`%`",
      "SET DEFAULT ROLE `r1` FOR `a`@`%`",
      "GRANT PROXY ON ``@`%` TO `a`@`%`",
    ]);
    expect(rights.hasGlobal("SELECT")).toBe(false);
  });
});
