import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT, IN_USE_OFFSET } from "./event-types";
import { fileIdOf } from "./read-bodies";
import { EventScanner, type LogEvent } from "./scan-events";
import { SyntheticLog } from "./synthetic-log";

const FILE = "binlog.000001";

/** Type, offset, end and kept body of each event, fed in pieces that end at the given places. */
function scan(bytes: Buffer, cuts: readonly number[] = [], resumedAt = 0): { scanner: EventScanner; seen: string[] } {
  const scanner = new EventScanner({ file: FILE, resumedAt });
  const seen: string[] = [];
  const places = [...new Set([0, ...cuts, bytes.length])].sort((a, b) => a - b);
  for (const [index, start] of places.entries()) {
    const onEvent = (event: LogEvent) =>
      seen.push(`${event.type} ${event.offset}-${event.end} ${event.bodyBytes} ${event.body.toString("hex")}`);
    scanner.push(bytes.subarray(start, places[index + 1] ?? bytes.length), onEvent);
  }
  return { scanner, seen };
}

const log = () =>
  new SyntheticLog({ created: 1_700_000_000 })
    .gtidList([[0, 1, 4]])
    .insert(5)
    .insert(6, 9_000)
    .insert(7)
    .rotate("binlog.000002");

describe("events of a log file", () => {
  test("are the same however its bytes arrive", () => {
    const { bytes } = log();
    const whole = scan(bytes).seen;
    expect(whole).toHaveLength(15);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 40 }), (cuts) => {
        const { scanner, seen } = scan(bytes, cuts);
        scanner.finish();
        expect(seen).toEqual(whole);
        expect(scanner.boundary).toBe(bytes.length);
      }),
    );
  });

  test("are never given wrong: any single flipped bit ends in an error, whatever the pieces", () => {
    const { bytes } = log();
    const place = fc.integer({ min: 0, max: bytes.length * 8 - 1 });
    fc.assert(
      fc.property(place, fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 5 }), (bit, cuts) => {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        // The flag that a server clears when it closes the file is no part of the checksum.
        const isInUseFlag = bit === IN_USE_OFFSET * 8;
        const read = () => scan(damaged, cuts).scanner.finish();
        if (isInUseFlag) expect(read).not.toThrow();
        else expect(read).toThrow(/is broken|is not a binary log|is cut inside|not of binary log version/);
      }),
      { numRuns: 400 },
    );
  });

  test("end in an error where the file is cut inside one, and the last whole one is known", () => {
    const written = log();
    for (const offset of written.offsets.slice(1)) {
      const { scanner } = scan(written.bytes.subarray(0, offset + 7));
      expect(() => scanner.finish()).toThrow(`is cut inside an event at offset ${offset}`);
      expect(scanner.boundary).toBe(offset);
    }
  });

  test("do not keep more of a large one than is needed", () => {
    const { seen } = scan(new SyntheticLog().insert(1, 2_000_000).bytes, [1_000, 5_000]);
    const rows = seen.find((event) => event.startsWith(`${EVENT.writeRowsV1} `));
    expect(rows).toContain(" 2000008 ");
    expect(rows?.length).toBeLessThan(2_200);
  });

  test("without checksums are read as they are", () => {
    const { scanner, seen } = scan(new SyntheticLog({ checksums: false }).insert(1).bytes);
    scanner.finish();
    expect(seen).toHaveLength(5);
  });

  test("of a copy that began in the middle have the places of the server's file", () => {
    const written = log();
    const resumeAt = written.offsets[5] ?? 0;
    const head = written.bytes.subarray(0, written.offsets[1]);
    const copy = Buffer.concat([head, written.bytes.subarray(resumeAt)]);
    const { scanner, seen } = scan(copy, [], resumeAt);
    expect(seen.slice(1)).toEqual(scan(written.bytes).seen.slice(5));
    expect(scanner.boundary).toBe(written.bytes.length);
    expect(() => scan(copy, [], written.offsets[6])).toThrow("belongs to another position");
  });
});

test("a file's id is the same in every copy of it and another in another file", () => {
  const idOf = (bytes: Buffer) => {
    let id = "";
    new EventScanner({ file: FILE }).push(bytes, (event) => {
      if (event.type === EVENT.format) id = fileIdOf(event);
    });
    return id;
  };
  expect(idOf(new SyntheticLog({ created: 1_700_000_000 }).bytes)).toBe(idOf(new SyntheticLog({ created: 0 }).bytes));
  expect(idOf(new SyntheticLog({ serverId: 2 }).bytes)).not.toBe(idOf(new SyntheticLog().bytes));
});
