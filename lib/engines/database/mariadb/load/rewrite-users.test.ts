import { describe, expect, test } from "vitest";
import { rewriteUserStatement } from "./rewrite-users";

const accounts = (statement: string) => rewriteUserStatement(statement, "accounts", ["holdfast"]);
const rights = (statement: string) => rewriteUserStatement(statement, "object-rights", ["holdfast"]);

describe("accounts", () => {
  test("replace what has their name, so that a load may be done again", () => {
    expect(accounts("CREATE USER `app`@`%` IDENTIFIED BY PASSWORD '*AB';")).toBe(
      "CREATE OR REPLACE USER `app`@`%` IDENTIFIED BY PASSWORD '*AB';",
    );
    expect(accounts("/*M!100005 CREATE ROLE 'r1' WITH ADMIN mariadb_dump_import_role */;")).toBe(
      "/*M!100005 CREATE OR REPLACE ROLE 'r1' WITH ADMIN mariadb_dump_import_role */;",
    );
  });

  test.each([
    "CREATE USER `root`@`localhost`;",
    "CREATE USER `root`@`%` IDENTIFIED BY PASSWORD '*AB';",
    "CREATE USER `mariadb.sys`@`localhost` ACCOUNT LOCK PASSWORD EXPIRE;",
    "GRANT ALL PRIVILEGES ON *.* TO `root`@`::1` WITH GRANT OPTION;",
    "GRANT PROXY ON ``@`%` TO `root`@`localhost` WITH GRANT OPTION;",
    "/*M!100005 SET DEFAULT ROLE NONE FOR 'root'@'localhost' */;",
    "/*!80001 ALTER USER 'app'@'%' DEFAULT ROLE 'r1' */;",
    "/*!80001 CREATE ROLE 'r1' */;",
  ])("of the target itself or of MySQL are left out: %s", (statement) => {
    expect(accounts(statement)).toBeNull();
    expect(rights(statement)).toBeNull();
  });

  test.each([
    "GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL;",
    "GRANT SELECT ON `sh\\_op%`.* TO `r1`;",
    "GRANT SELECT ON `a TO ``root``@`.* TO `app`@`%`;",
    "GRANT `r1` TO `app`@`%`;",
    "GRANT `root` TO `app`@`%`;",
    "GRANT SELECT, RELOAD ON *.* TO `holdfast`@`localhost` IDENTIFIED BY PASSWORD '*AB';",
    "GRANT `r1` TO `holdfast`@`localhost`;",
    "GRANT USAGE ON *.* TO `root`;",
    "GRANT PROXY ON `root`@`localhost` TO `app`@`%`;",
    "GRANT EVENT ON *.* TO PUBLIC;",
    "GRANT mariadb_dump_import_role TO CURRENT_USER();",
    "/*M!100005 SET DEFAULT ROLE 'r1' FOR 'app'@'%' */;",
    "CREATE ROLE IF NOT EXISTS mariadb_dump_import_role;",
    "DROP ROLE mariadb_dump_import_role;",
  ])("and their rights on everything or a schema go through: %s", (statement) => {
    expect(accounts(statement)).toBe(statement);
    expect(rights(statement)).toBeNull();
  });

  test("of the runner are there for the log to change, but nobody gets in by them", () => {
    expect(accounts("CREATE USER `holdfast`@`10.0.%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL;")).toBe(
      "CREATE USER IF NOT EXISTS `holdfast`@`10.0.%` ACCOUNT LOCK;",
    );
    expect(rights("CREATE USER `holdfast`@`10.0.%`;")).toBeNull();
  });

  test("give a role whose administrator stays behind to the account that loads it", () => {
    expect(accounts("/*M!100005 GRANT 'r1' TO 'root'@'localhost' WITH ADMIN OPTION */;")).toBe(
      "/*M!100005 GRANT 'r1' TO CURRENT_USER() WITH ADMIN OPTION */;",
    );
    expect(accounts("GRANT `r1` TO `boss`@`localhost` WITH ADMIN OPTION;")).toBe(
      "GRANT `r1` TO `boss`@`localhost` WITH ADMIN OPTION;",
    );
  });
});

describe("rights on tables, columns and routines", () => {
  test.each([
    "GRANT DELETE ON `shop`.`orders` TO `app`@`%`;",
    "GRANT SELECT (`id`), INSERT (`name`, `id`) ON `shop`.`customers` TO `app`@`%`;",
    "GRANT EXECUTE ON PROCEDURE `shop`.`clean` TO `app`@`%`;",
    "GRANT EXECUTE ON FUNCTION `shop`.`tax` TO `r1`;",
    "GRANT EXECUTE ON PACKAGE BODY `shop`.`p` TO `r1`;",
    "GRANT SELECT ON `shop`.`orders` TO `holdfast`@`localhost`;",
  ])("wait for the data: %s", (statement) => {
    expect(accounts(statement)).toBeNull();
    expect(rights(statement)).toBe(statement);
  });
});

describe("settings of the session", () => {
  test("are for both parts", () => {
    for (const statement of ["/*!40101 SET NAMES utf8mb4 */;", "SET NAMES utf8mb4;"]) {
      expect(accounts(statement)).toBe(statement);
      expect(rights(statement)).toBe(statement);
    }
  });
});
