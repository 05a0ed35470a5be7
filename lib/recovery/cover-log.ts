/* Which objects of a repository give a server's log from a position on, without a hole. */

/** One object with a stretch of a log file. */
export interface LogPiece {
  key: string;
  file: string;
  start: number;
  /** First byte after it. */
  end: number;
  /** Of its plain bytes. */
  sha256: string;
  encrypted: boolean;
  /** The whole of a file that the server has closed. */
  closed: boolean;
}

export interface LogCover {
  /** In order; together they hold every byte from the start to `end`. */
  pieces: LogPiece[];
  end: { file: string; offset: number };
  /** What ends the cover although more lies behind it: a hole. */
  hole: { file: string; from: number; to: number | null } | null;
}

/** `mariadb-bin.000009` + 1 = `mariadb-bin.000010`; the number grows past six digits. */
export function nextLogFile(file: string): string {
  const dot = file.lastIndexOf(".");
  const digits = file.slice(dot + 1);
  return `${file.slice(0, dot)}.${String(Number(digits) + 1).padStart(digits.length, "0")}`;
}

/** Orders log files by their number, which may have more digits than the one before. */
export function compareLogFiles(a: string, b: string): number {
  const number = (file: string) => Number(file.slice(file.lastIndexOf(".") + 1));
  return number(a) - number(b);
}

/**
 * The pieces that hold the log from the beginning of the position's file on. Every file begins at byte 0: the
 * collector ships whole files, so that MariaDB's own tools read them.
 */
export function coverLog(pieces: readonly LogPiece[], from: { file: string; offset: number }): LogCover {
  const chosen: LogPiece[] = [];
  let file = from.file;
  for (;;) {
    const reached = coverFile(pieces, file, chosen);
    const later = pieces.some((piece) => compareLogFiles(piece.file, file) > 0);
    // The log does not even reach the position: whatever later files hold does not follow it.
    const isShort = file === from.file && reached.offset < from.offset && later;
    if (reached.holeTo !== null || isShort)
      return {
        pieces: chosen,
        end: { file, offset: reached.offset },
        hole: { file, from: reached.offset, to: reached.holeTo },
      };
    const next = nextLogFile(file);
    const hasNext = pieces.some((piece) => piece.file === next && piece.start === 0);
    if (!later) return { pieces: chosen, end: { file, offset: reached.offset }, hole: null };
    if (!hasNext)
      return { pieces: chosen, end: { file, offset: reached.offset }, hole: { file: next, from: 0, to: null } };
    file = next;
  }
}

/** Adds one file's pieces: a whole one where there is one, else the chain of segments that reaches furthest. */
function coverFile(
  pieces: readonly LogPiece[],
  file: string,
  chosen: LogPiece[],
): { offset: number; holeTo: number | null } {
  const own = pieces.filter((piece) => piece.file === file);
  const whole = own.find((piece) => piece.closed);
  if (whole) {
    chosen.push(whole);
    return { offset: whole.end, holeTo: null };
  }
  const chain = furthestChain(own);
  chosen.push(...chain);
  const offset = chain.at(-1)?.end ?? 0;
  const behind = own.filter((piece) => piece.end > offset).map((piece) => piece.start);
  return { offset, holeTo: behind.length > 0 ? Math.min(...behind) : null };
}

/**
 * Segments that follow each other from byte 0. A runner that died, or two of them for a moment, may have cut the same
 * bytes at other places: the longest next segment is not always the one that goes on.
 */
function furthestChain(segments: readonly LogPiece[]): LogPiece[] {
  const arriving = new Map<number, LogPiece | null>([[0, null]]);
  for (const segment of [...segments].sort((a, b) => a.start - b.start)) {
    if (arriving.has(segment.start) && !arriving.has(segment.end)) arriving.set(segment.end, segment);
  }
  const chain: LogPiece[] = [];
  for (let piece = arriving.get(Math.max(...arriving.keys())); piece; piece = arriving.get(piece.start)) {
    chain.unshift(piece);
  }
  return chain;
}
