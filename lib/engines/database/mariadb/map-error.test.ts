import { describe, expect, test } from "vitest";
import { explainStderr, findErrorNumber, toEngineError } from "./map-error";

describe("a program's error number", () => {
  test.each([
    ["ERROR 1045 (28000) at line 1: Access denied", 1045],
    ['mariadb-dump: Got error: 1045: "Access denied" when trying to connect', 1045],
    ["mariadb-dump: Error 1412: Table definition has changed when dumping table `t` at row: 0", 1412],
    ["mariadb-dump: Couldn't execute 'SHOW FIELDS FROM `v`': View 'x.v' references invalid table(s) (1356)\n", 1356],
    ["mariadb-dump: Couldn't find table", null],
  ])("is found in: %s", (stderr, expected) => {
    expect(findErrorNumber(stderr)).toBe(expected);
  });
});

describe("an error of a program", () => {
  const explain = (stderr: string) => explainStderr(stderr, { operation: "load the data", place: "/s" });

  test("shows names where the server's words hold names at most", () => {
    expect(explain("ERROR 1146 (42S02) at line 3: Table 'shop.t' doesn't exist")?.message).toBe(
      "MariaDB on /s could not load the data: a table does not exist (Table 'shop.t' doesn't exist)",
    );
  });

  test("shows no word of the server where they may hold a row", () => {
    const error = explain("ERROR 1062 (23000) at line 3: Duplicate entry 'client-4711' for key 'PRIMARY'");
    expect(error?.message).toBe("MariaDB on /s could not load the data: the server answered with error 1062");
    expect(error?.hint).toContain("1062");
  });

  test("by a lost or refused connection may be tried again", () => {
    expect(explain("ERROR 2002 (HY000): Can't connect to local server through socket")).toMatchObject({
      permanent: false,
    });
    expect(explain("ERROR 2013 (HY000) at line 9: Lost connection to server during query")?.message).toContain(
      "closed the connection",
    );
  });
});

describe("an error of the connector", () => {
  test("leaves its statement and its cause behind", () => {
    const error = toEngineError(
      { errno: 1062, sqlState: "23000", sqlMessage: "Duplicate entry '4711'", sql: "INSERT 4711", message: "… 4711" },
      { operation: "write", place: "h:1" },
    );
    expect(error.message).toBe("MariaDB on h:1 could not write: the server answered with error 1062 (23000)");
    expect(error.cause).toBeUndefined();
  });

  test("of the system below it is told by that", () => {
    const error = toEngineError({ errno: 45019, cause: { code: "ECONNREFUSED" } }, { operation: "open a connection" });
    expect(error.message).toContain("nothing listens there");
  });
});
