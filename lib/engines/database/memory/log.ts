import { createHash } from "node:crypto";
import { EngineError } from "@/lib/kernel/errors";
import type { Heartbeat, LogFacts, LogOffset, LogTransaction } from "../port";

/* A log of lines instead of binary events: one line is one event, and a file begins with its own name for itself. */

export interface Entry {
  gtid: string;
  at: Date;
  beat?: Heartbeat;
  row?: { table: string; text: string };
  changesSchema?: boolean;
  nonTransactional?: boolean;
}

type Line = { begin: string } | { rotate: string } | { entry: Entry };

export interface PlacedEntry extends Entry {
  file: string;
  offset: number;
  endOffset: number;
}

export interface ParsedFile {
  fileId: string;
  nextFile: string | null;
  entries: PlacedEntry[];
  /** First byte after the last whole line. */
  end: number;
}

export function memoryFailure(message: string, permanent = false): EngineError {
  return new EngineError(message, { engine: "memory", operation: "test", permanent, hint: "Look at the test." });
}

export function fileName(number: number): string {
  return `binlog.${String(number).padStart(6, "0")}`;
}

/** A file's first event. */
export function beginLine(seed: string): Buffer {
  return lineOf({ begin: createHash("sha256").update(seed).digest("hex").slice(0, 16) });
}

export function rotateLine(next: string): Buffer {
  return lineOf({ rotate: next });
}

export function entryLine(entry: Entry): Buffer {
  return lineOf({ entry });
}

function lineOf(line: Line): Buffer {
  return Buffer.from(
    `${JSON.stringify(line, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))}\n`,
  );
}

/** Reads a log file's bytes. @throws EngineError on a line that is broken, or cut when nothing may be */
export function parseLogFile(file: string, bytes: Buffer, options: { mayBeCut?: boolean } = {}): ParsedFile {
  const parsed: ParsedFile = { fileId: "", nextFile: null, entries: [], end: 0 };
  for (let offset = 0; offset < bytes.length;) {
    const at = bytes.indexOf("\n", offset);
    if (at === -1) {
      if (options.mayBeCut) return parsed;
      throw memoryFailure(`the log file "${file}" is cut inside an event`, true);
    }
    const endOffset = at + 1;
    const line = readLine(file, bytes.subarray(offset, at));
    if ("begin" in line) parsed.fileId = line.begin;
    else if ("rotate" in line) parsed.nextFile = line.rotate;
    else parsed.entries.push({ ...line.entry, file, offset, endOffset });
    parsed.end = endOffset;
    offset = endOffset;
  }
  return parsed;
}

function readLine(file: string, bytes: Buffer): Line {
  try {
    return JSON.parse(bytes.toString("utf8"), (key, value: unknown) => {
      if (key === "at" && typeof value === "string") return new Date(value);
      return key === "seq" && typeof value === "string" ? BigInt(value.slice(0, -1)) : value;
    }) as Line;
  } catch {
    throw memoryFailure(`the log file "${file}" holds a broken event`, true);
  }
}

export function factsOf(entries: readonly PlacedEntry[]): LogFacts {
  return {
    transactions: entries.length,
    firstGtid: entries[0]?.gtid ?? null,
    lastGtid: entries.at(-1)?.gtid ?? null,
    firstAt: entries[0]?.at ?? null,
    lastAt: entries.at(-1)?.at ?? null,
    heartbeat: entries.findLast((entry) => entry.beat)?.beat ?? null,
    endsInTransaction: false,
  };
}

export function toTransaction(entry: PlacedEntry): LogTransaction {
  const { gtid, file, offset, endOffset, at, beat, changesSchema = false, nonTransactional = false } = entry;
  return {
    gtid,
    file,
    offset,
    endOffset,
    at,
    heartbeat: beat ?? null,
    changesSchema,
    transactional: !nonTransactional,
  };
}

/** Whether a place lies before another one. */
export function isBefore(one: LogOffset, other: LogOffset): boolean {
  return one.file === other.file ? one.offset < other.offset : one.file < other.file;
}
