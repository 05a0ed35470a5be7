import { describe, expect, test } from "vitest";
import { EVENT } from "./event-types";
import { LogChain, nextLogFile } from "./log-chain";
import { EventScanner } from "./scan-events";
import { SyntheticLog } from "./synthetic-log";
import { TransactionTracker } from "./track-transactions";

/** Reads files as one log; `cut`: the file's last bytes are missing. */
function read(...files: [name: string, log: SyntheticLog, isTorn?: boolean][]): LogChain {
  const chain = new LogChain();
  for (const [file, log, isTorn] of files) {
    chain.openFile(file);
    const tracker = new TransactionTracker(file);
    new EventScanner({ file }).push(log.bytes, (event) => {
      const transaction = tracker.accept(event);
      if (transaction) chain.acceptTransaction(transaction);
      else if (!tracker.isInTransaction) chain.accept(event);
    });
    chain.closeFile((isTorn ?? false) || tracker.isInTransaction);
  }
  return chain;
}

const [one, two, three] = ["binlog.000001", "binlog.000002", "binlog.000003"];
const first = () => new SyntheticLog().gtidList([]).insert(1).insert(2);
const rotated = () => first().rotate(two);
const second = (sequence = 2, created = 0) => new SyntheticLog({ created }).gtidList([[0, 1, sequence]]).insert(3);
const STARTED = 1_700_000_000;

describe("a log over several files", () => {
  test("is whole where each file begins where the one before ended", () => {
    const chain = read([one, rotated()], [two, second()]);
    expect([chain.isAt("0-1-3"), chain.isAt("0-1-2"), chain.isAt("0-2-3")]).toEqual([true, false, false]);
    expect(chain.domains()).toEqual([0]);
  });

  test("has a hole where a file is missing", () => {
    expect(() => read([one, rotated()], [three, second()])).toThrow(`is followed by "${two}", but "${three}"`);
  });

  test("has a hole where transactions are missing at the end of a file", () => {
    expect(() => read([one, new SyntheticLog().gtidList([]).insert(1).rotate(two)], [two, second()])).toThrow("0-1-2");
    expect(() => read([one, new SyntheticLog().gtidList([]).insert(1)], [two, second(2, STARTED)])).toThrow("hole");
  });

  test("has a hole where another domain appears that no file held", () => {
    const other = new SyntheticLog().gtidList([[0, 1, 2], [7, 1, 1]]); // prettier-ignore
    expect(() => read([one, rotated()], [two, other])).toThrow("none of this domain");
  });

  test("may forget a domain that was deleted", () => {
    const before = new SyntheticLog().gtidList([[0, 1, 2], [7, 1, 1]]).rotate(two); // prettier-ignore
    expect(read([one, before], [two, second()]).isAt("0-1-3")).toBe(true);
  });

  test("goes on after a server that was killed, with what it had begun taken back", () => {
    const torn = first().gtid(3).query("BEGIN");
    expect(read([one, torn], [two, second(2, STARTED)]).isAt("0-1-3")).toBe(true);
    expect(read([one, first(), true], [two, second(2, STARTED)]).isAt("0-1-3")).toBe(true);
  });

  test("is cut where a file has no end and the server was not started again", () => {
    expect(() => read([one, first()], [two, second()])).toThrow(`"${one}" is cut`);
    expect(() => read([one, first().gtid(3).query("BEGIN")], [two, second()])).toThrow(`"${one}" is cut`);
  });

  test("that the server stopped is whole", () => {
    const stopped = first().event(EVENT.stop, Buffer.alloc(0));
    expect(read([one, stopped], [two, second(2, STARTED)]).isAt("0-1-3")).toBe(true);
  });

  test("resumed at a file's end is not taken for cut, but its GTIDs still are compared", () => {
    const chain = new LogChain();
    chain.resumeFile(one);
    expect(chain.closeFile(false)).toMatchObject({ file: one, nextFile: null });
    chain.openFile(two);
    new EventScanner({ file: two }).push(second().bytes.subarray(0, 300), (event) => chain.accept(event));
    expect(chain.isAt("0-1-2")).toBe(true);
  });
});

test("a file's successor has the next number, as wide or wider", () => {
  expect(nextLogFile("mariadb-bin.000009")).toBe("mariadb-bin.000010");
  expect(nextLogFile("mariadb-bin.999999")).toBe("mariadb-bin.1000000");
  expect(nextLogFile("mariadb-bin")).toBeNull();
});
