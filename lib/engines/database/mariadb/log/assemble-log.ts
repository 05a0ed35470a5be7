import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CancelledError, EngineError, HoldfastError } from "@/lib/kernel/errors";
import type { LogPiece } from "../../port";
import { ENGINE } from "../map-error";
import { logHole } from "./damage";
import { nextLogFile } from "./log-chain";

/** Names as the server gives them: nothing that leads out of the directory. */
const FILE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.\d{6,}$/;

interface OpenFile {
  file: string;
  path: string;
  sizeBytes: number;
}

/** What must hold for a piece after the one before. A file without its beginning has neither format nor GTID list: no reader accepts it. */
function checkOrder(piece: LogPiece, current: OpenFile | null): void {
  if (!FILE_NAME.test(piece.file)) throw logHole(`"${piece.file}" is not the name of a log file`);
  if (piece.file === current?.file) {
    if (piece.start === current.sizeBytes) return;
    throw logHole(
      `the log file "${piece.file}" has a hole: its segments go to ${current.sizeBytes}, the next begins at ${piece.start}`,
    );
  }
  if (piece.start !== 0)
    throw logHole(`the first segment of the log file "${piece.file}" begins at ${piece.start}, not at 0`);
  const expected = current === null ? piece.file : nextLogFile(current.file);
  if (piece.file !== expected) {
    throw logHole(`the log has a hole: "${current?.file}" is followed by "${piece.file}" instead of "${expected}"`);
  }
}

/** Counts what passes and ends in an error where it is not what the name says. */
function expectBytes(piece: LogPiece): Transform {
  const wanted = piece.end - piece.start;
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      seen += chunk.length;
      next(null, chunk);
    },
    flush(next) {
      if (seen === wanted) return next();
      next(
        logHole(
          `the segment of "${piece.file}" from ${piece.start} to ${piece.end} holds ${seen} bytes, not ${wanted}`,
        ),
      );
    },
  });
}

async function appendPiece(piece: LogPiece, open: OpenFile, signal: AbortSignal): Promise<void> {
  try {
    const input = await piece.open();
    await pipeline(input, expectBytes(piece), createWriteStream(open.path, { flags: piece.start === 0 ? "w" : "a" }), {
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw new CancelledError(`stopped while it had to write "${piece.file}"`);
    if (error instanceof HoldfastError) throw error;
    throw new EngineError(`the log file "${piece.file}" cannot be put together`, {
      engine: ENGINE,
      operation: "put log files together",
      permanent: false,
      hint: "Is there space left, and did the repository give the whole segment?",
      cause: error,
    });
  }
}

/** Writes whole log files from their segments, as the port says. */
export async function assembleLog(
  directory: string,
  pieces: readonly LogPiece[],
  signal: AbortSignal,
): Promise<string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const paths: string[] = [];
  let current: OpenFile | null = null;
  for (const piece of pieces) {
    checkOrder(piece, current);
    const path: string = join(directory, piece.file);
    const open: OpenFile = piece.start === 0 ? { file: piece.file, path, sizeBytes: 0 } : { ...(current as OpenFile) };
    await appendPiece(piece, open, signal);
    if (piece.start === 0) paths.push(path);
    current = { ...open, sizeBytes: piece.end };
  }
  return paths;
}
