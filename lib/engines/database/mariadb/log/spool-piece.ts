import { open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { LogOffset } from "../../port";
import { HEADER_BYTES, MAGIC } from "./event-types";
import { compareOffsets } from "./server-log";

/** A stretch of the server's log in the spool: a whole file, or a copy that began in one's middle and has its head before it. */
export interface SpoolPiece {
  path: string;
  file: string;
  /** In the server's file: first byte, and the event boundary up to which it was read and checked. */
  start: number;
  end: number;
  /** Bytes of the copy before `start`. */
  headBytes: number;
  /** The collector still writes it. */
  isLive: boolean;
}

/** Directories of the spool, one a connection: their order, and where the copy in them begins. */
const DIRECTORY = /^(\d{6})-(\d+)-(.+)$/;

export function pieceDirectory(spool: string, order: number, from: LogOffset): string {
  return join(spool, `${String(order).padStart(6, "0")}-${from.offset}-${from.file}`);
}

export interface PieceDirectory {
  path: string;
  order: number;
  from: LogOffset;
}

export function parsePieceDirectory(path: string): PieceDirectory | null {
  const match = DIRECTORY.exec(basename(path));
  if (!match) return null;
  const [, order = "0", offset = "0", file = ""] = match;
  return { path, order: Number(order), from: { file, offset: Number(offset) } };
}

/** The copied files of one connection, in the log's order. */
export async function listCopies(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.sort((a, b) => compareOffsets({ file: a, offset: 0 }, { file: b, offset: 0 }));
}

/** Length of what stands before the first event: magic and format event. null while they are not all there. */
export async function readHead(path: string): Promise<Buffer | null> {
  const handle = await open(path, "r");
  try {
    const head = Buffer.alloc(4_096);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    if (bytesRead < MAGIC.length + HEADER_BYTES) return null;
    const length = MAGIC.length + head.readUInt32LE(MAGIC.length + 9);
    return bytesRead >= length ? head.subarray(0, length) : null;
  } finally {
    await handle.close();
  }
}

/** Where a place of the server's file lies in the copy. */
export function copyOffset(piece: SpoolPiece, offset: number): number {
  return piece.headBytes + offset - piece.start;
}

/** A piece that holds nothing yet. A copy that begins in a file's middle has a head of its own before it, which differs from the file's. */
export function newPiece(path: string, start: number, headBytes: number): SpoolPiece {
  const isWhole = start <= MAGIC.length;
  return {
    path,
    file: basename(path),
    start: isWhole ? 0 : start,
    end: isWhole ? 0 : start,
    headBytes: isWhole ? 0 : headBytes,
    isLive: true,
  };
}

export function directoryOf(piece: SpoolPiece): string {
  return dirname(piece.path);
}
