import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PhysicalLink } from "../../port";
import { assertContinues, assertFollows, assertRange, assertSameServer } from "./check-chain";
import { isToolFit, parseToolVersion } from "./tool-version";

const link = (from: number | string, to: number | string, last: number | string = to): PhysicalLink => ({
  lsn: { from: String(from), to: String(to), last: String(last) },
  lineage: "a",
  toolVersion: "10.11.19-MariaDB",
});

describe("a chain", () => {
  test("is a full and increments that begin where the one before ended", () => {
    expect(() => assertFollows("test", link(0, 100), null)).not.toThrow();
    expect(() => assertFollows("test", link(100, 250), link(0, 100))).not.toThrow();
    expect(() => assertFollows("test", link(100, 100), link(0, 100))).not.toThrow();
  });

  test("has no other beginning, no gap, no overlap, and no files of another place", () => {
    expect(() => assertFollows("test", link(100, 250), null)).toThrow("begins with an increment");
    for (const from of [0, 99, 101]) {
      expect(() => assertFollows("test", link(from, 250), link(0, 100))).toThrow("does not follow");
    }
    expect(() => assertFollows("test", { ...link(100, 250), lineage: "b" }, link(0, 100))).toThrow("other files");
  });

  test("of any increments is refused as soon as one is left out or moved", () => {
    const steps = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(steps, fc.nat(), (sizes, pick) => {
        let at = 100;
        const chain = [link(0, 100), ...sizes.map((size) => link(at, (at += size)))];
        const follow = (links: readonly PhysicalLink[]) =>
          links.forEach((each, index) => assertFollows("test", each, links[index - 1] ?? null));
        expect(() => follow(chain)).not.toThrow();
        const without = chain.filter((_, index) => index !== pick % (chain.length - 1));
        expect(() => follow(without)).toThrow();
      }),
    );
  });
});

describe("an increment", () => {
  const parent = link(0, 100, 120);
  const at = (current: bigint, lineage = "a") => ({ current, checkpoint: 100n, lineage });
  test("is taken only of the same files, which went forward, by a tool that is not older", () => {
    const tool = "10.11.19-MariaDB";
    expect(() => assertContinues("test", at(120n), { parent, tool })).not.toThrow();
    expect(() => assertContinues("test", at(119n), { parent, tool })).toThrow("went back");
    expect(() => assertContinues("test", at(500n, "b"), { parent, tool })).toThrow("put there anew");
    expect(() => assertContinues("test", at(500n), { parent, tool: "10.11.5-MariaDB" })).toThrow("not older");
  });

  test("begins where its parent ended, beyond 53 bits as well", () => {
    const large = "9007199254740993";
    expect(() => assertRange("test", link(large, "9007199254740995").lsn, { from: large })).not.toThrow();
    expect(() => assertRange("test", link(large, "9007199254740995").lsn, { from: "9007199254740992" })).toThrow();
    expect(() => assertRange("test", link(100, 99).lsn, { from: "100" })).toThrow();
    expect(() => assertRange("test", link(0, 200, 199).lsn, { from: "0" })).toThrow();
  });
});

test("files whose LSN the asked server never had are another server's", () => {
  expect(() => assertSameServer("test", link(0, 100).lsn, { before: 90n, after: 100n })).not.toThrow();
  for (const seen of [
    { before: 101n, after: 200n },
    { before: 10n, after: 99n },
  ]) {
    expect(() => assertSameServer("test", link(0, 100).lsn, seen)).toThrow("another server's");
  }
});

test("a tool fits files of its own series that are not newer than it", () => {
  expect(parseToolVersion("mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu")).toEqual([
    10, 11, 19,
  ]);
  const server = "10.11.9-MariaDB-0+deb12u1-log";
  expect(["10.11.9-MariaDB", "10.11.19-MariaDB"].map((tool) => isToolFit(tool, server))).toEqual([true, true]);
  for (const tool of ["10.11.8-MariaDB", "10.6.21-MariaDB", "11.11.9-MariaDB", "2.4.29", ""]) {
    expect(isToolFit(tool, server), tool).toBe(false);
  }
});
