import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LogPiece, compareLogFiles, coverLog, nextLogFile } from "./cover-log";

const from = { file: "binlog.000009", offset: 400 };

function segment(file: string, start: number, end: number): LogPiece {
  const key = `${file}.${start}-${end}`;
  return { key, file, start, end, sha256: "", encrypted: true, closed: false };
}

function closed(file: string, end: number): LogPiece {
  return { ...segment(file, 0, end), key: `${file}.zst`, closed: true };
}

const keys = (pieces: readonly LogPiece[]) => coverLog(pieces, from).pieces.map(({ key }) => key);

describe("the cover of a log", () => {
  test("goes over closed files into the segments of the open one, in the order of the files' numbers", () => {
    const pieces = [segment("binlog.000011", 0, 5), closed("binlog.000010", 9), closed("binlog.000009", 500)];
    const cover = coverLog(pieces, from);
    expect(cover.pieces.map(({ file }) => file)).toEqual(["binlog.000009", "binlog.000010", "binlog.000011"]);
    expect(cover).toMatchObject({ end: { file: "binlog.000011", offset: 5 }, hole: null });
  });

  test("takes the whole closed file where its segments are still there", () => {
    expect(keys([segment("binlog.000009", 0, 500), closed("binlog.000009", 500)])).toEqual(["binlog.000009.zst"]);
  });

  test("takes segments that two runners cut at different places, whichever of them go on", () => {
    const pieces = [
      segment("binlog.000009", 0, 1_000),
      segment("binlog.000009", 0, 1_500),
      segment("binlog.000009", 1_000, 2_000),
    ];
    expect(keys(pieces)).toEqual(["binlog.000009.0-1000", "binlog.000009.1000-2000"]);
    expect(coverLog(pieces, from).hole).toBeNull();
  });

  test("ends before a missing segment, and names the hole", () => {
    const cover = coverLog([segment("binlog.000009", 0, 100), segment("binlog.000009", 200, 300)], from);
    expect(cover.hole).toEqual({ file: "binlog.000009", from: 100, to: 200 });
    expect(cover.end).toEqual({ file: "binlog.000009", offset: 100 });
  });

  test("ends before a missing file, and names the hole", () => {
    const cover = coverLog([closed("binlog.000009", 500), closed("binlog.000011", 500)], from);
    expect(cover.hole).toEqual({ file: "binlog.000010", from: 0, to: null });
    expect(cover.pieces).toHaveLength(1);
  });

  test("does not begin in the middle of a file", () => {
    expect(coverLog([segment("binlog.000009", 300, 500)], from)).toMatchObject({ pieces: [], hole: { from: 0 } });
  });

  test("does not go on in the next file when the position's own is missing, or does not hold the position", () => {
    const gone = coverLog([closed("binlog.000010", 900)], from);
    expect(gone).toMatchObject({ pieces: [], end: { file: "binlog.000009", offset: 0 } });
    expect(gone.hole).toEqual({ file: "binlog.000009", from: 0, to: null });
    const short = coverLog([segment("binlog.000009", 0, 399), closed("binlog.000010", 900)], from);
    expect(short).toMatchObject({ end: { file: "binlog.000009", offset: 399 }, hole: { from: 399 } });
  });

  // A file whose last segments alone are missing looks like one that a killed server left: the reader of the log tells
  // them apart, by what the next file says was before it.
  test("is whole in each of its files from byte 0, in files that follow each other, and names what it leaves out as a hole", () => {
    const files = [9, 10, 11].map((number) => `binlog.${String(number).padStart(6, "0")}`);
    const whole = files.flatMap((file) => [0, 400, 800].map((start) => segment(file, start, start + 400)));
    fc.assert(
      fc.property(fc.subarray(whole), (there) => {
        const { pieces, end, hole } = coverLog(there, from);
        for (const file of files) {
          const own = pieces.filter((piece) => piece.file === file).map(({ start }) => start);
          expect(own).toEqual([0, 400, 800].slice(0, own.length));
        }
        const used = [...new Set(pieces.map(({ file }) => file))];
        expect(used).toEqual(files.slice(0, used.length));
        const isMore = there.some((piece) => !pieces.includes(piece));
        const last = pieces.at(-1);
        expect(end).toEqual(last ? { file: last.file, offset: last.end } : { file: files[0], offset: 0 });
        if (isMore) expect(hole).not.toBeNull();
      }),
    );
  });

  test("goes past six digits", () => {
    expect(nextLogFile("binlog.999999")).toBe("binlog.1000000");
    expect(compareLogFiles("binlog.1000000", "binlog.999999")).toBeGreaterThan(0);
    const late = { file: "binlog.999999", offset: 4 };
    expect(coverLog([closed("binlog.1000000", 9), closed("binlog.999999", 9)], late).pieces).toHaveLength(2);
  });

  test("reaches as far as any chain of segments does, and is one itself", () => {
    const bound = fc.integer({ min: 0, max: 12 });
    const cuts = fc.array(fc.tuple(bound, bound), { maxLength: 14 });
    fc.assert(
      fc.property(cuts, (pairs) => {
        const segments = pairs.filter(([a, b]) => a < b).map(([a, b]) => segment("binlog.000009", a, b));
        const { pieces, end } = coverLog(segments, from);
        let reached = 0;
        for (const piece of pieces) {
          expect(piece.start).toBe(reached);
          reached = piece.end;
        }
        expect(end.offset).toBe(reached);
        const reachable = new Set([0]);
        for (let round = 0; round <= 12; round += 1) {
          for (const { start, end: to } of segments) if (reachable.has(start)) reachable.add(to);
        }
        expect(reached).toBe(Math.max(...reachable));
      }),
    );
  });
});
