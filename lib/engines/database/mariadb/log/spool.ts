import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { LogOffset } from "../../port";
import { LogHoleError } from "./damage";
import { BEGIN_PREFIX } from "./incarnation";
import { type Lineage, readLineage, writeLineage } from "./lineage";
import { compareOffsets } from "./server-log";
import {
  type PieceDirectory,
  type SpoolPiece,
  directoryOf,
  listCopies,
  newPiece,
  parsePieceDirectory,
  pieceDirectory,
  readHead,
} from "./spool-piece";
import { scanPiece } from "./tail-piece";

export interface SpoolOptions {
  path: string;
  bytesMax: number;
  signal: AbortSignal;
}

/** Bytes of the server's log on local disk: plain text, so nobody else may enter, and not more than it may hold. */
export class Spool {
  #pieces: SpoolPiece[] = [];
  #order = 0;
  #lineage: Lineage;

  private constructor(
    private readonly options: SpoolOptions,
    lineage: Lineage,
  ) {
    this.#lineage = lineage;
  }

  /** Takes over what lies there when it is of the same log, else empties it. */
  static async open(options: SpoolOptions, lineage: Lineage): Promise<Spool> {
    await mkdir(options.path, { recursive: true, mode: 0o700 });
    const earlier = await readLineage(options.path);
    const isSame = earlier !== null && isSameLog(earlier, lineage);
    const spool = new Spool(options, isSame ? { ...lineage, files: { ...lineage.files, ...earlier.files } } : lineage);
    await spool.#load(isSame);
    await writeLineage(options.path, spool.#lineage);
    return spool;
  }

  get lineage(): Lineage {
    return this.#lineage;
  }

  get bytes(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.headBytes + piece.end - piece.start, 0);
  }

  get isFull(): boolean {
    return this.bytes > this.options.bytesMax;
  }

  /** A connection longer than this is begun anew, so that what was shipped can be forgotten. */
  get pieceBytesMax(): number {
    return Math.max(2 ** 20, Math.floor(this.options.bytesMax / 16));
  }

  nextDirectory(from: LogOffset): string {
    this.#order += 1;
    return pieceDirectory(this.options.path, this.#order, from);
  }

  add(piece: SpoolPiece): void {
    this.#pieces.push(piece);
  }

  /** A piece that holds the byte at a place. */
  find(at: LogOffset): SpoolPiece | null {
    return (
      this.#pieces.find((piece) => piece.file === at.file && piece.start <= at.offset && at.offset < piece.end) ?? null
    );
  }

  /** How far the log is there without a hole, from a place on. */
  endFrom(at: LogOffset): LogOffset {
    let end = at;
    for (;;) {
      const next = this.afterFile(end);
      const piece = this.find(next);
      if (!piece) return next;
      end = { file: piece.file, offset: piece.end };
    }
  }

  /** The same place, named in the next file where it is the end of a closed one. */
  afterFile(at: LogOffset): LogOffset {
    const known = this.#lineage.files[at.file];
    const isEnd = known !== undefined && known.end === at.offset && known.nextFile !== null;
    return isEnd && known.nextFile ? { file: known.nextFile, offset: 0 } : at;
  }

  async recordFile(file: string, fileId: string): Promise<void> {
    this.#lineage.files[file] ??= { fileId, end: null, nextFile: null };
    await writeLineage(this.options.path, this.#lineage);
  }

  async recordEnd(file: string, end: number, nextFile: string): Promise<void> {
    const known = this.#lineage.files[file];
    if (!known || known.end !== null) return;
    this.#lineage.files[file] = { ...known, end, nextFile };
    await writeLineage(this.options.path, this.#lineage);
  }

  /** Forgets what every repository has; while it is too full also what only slower ones still need, oldest first. */
  async trim(positions: readonly LogOffset[]): Promise<void> {
    const sorted = [...positions].sort(compareOffsets);
    const [slowest, newest] = [sorted.at(0), sorted.at(-1)];
    if (!slowest || !newest) return;
    const isBefore = (piece: SpoolPiece, at: LogOffset) =>
      compareOffsets({ file: piece.file, offset: piece.end }, at) <= 0;
    const idle = this.#pieces.filter((piece) => !piece.isLive);
    for (const piece of idle.filter((candidate) => isBefore(candidate, slowest))) await this.forget(piece);
    for (const piece of idle.filter((candidate) => isBefore(candidate, newest))) {
      if (this.bytes > this.options.bytesMax * 0.75) await this.forget(piece);
    }
  }

  async forget(piece: SpoolPiece): Promise<void> {
    if (!this.#pieces.includes(piece)) return;
    this.#pieces = this.#pieces.filter((other) => other !== piece);
    await rm(piece.path, { force: true });
    // Fails while other files of the same connection are in it.
    await rmdir(directoryOf(piece)).catch(() => undefined);
  }

  async #load(isSame: boolean): Promise<void> {
    const names = await readdir(this.options.path);
    // A collector that died while it began left these.
    for (const name of names.filter((each) => each.startsWith(BEGIN_PREFIX))) {
      await rm(join(this.options.path, name), { recursive: true, force: true });
    }
    const found = names.flatMap((name) => parsePieceDirectory(join(this.options.path, name)) ?? []);
    for (const directory of found.sort((a, b) => a.order - b.order)) {
      this.#order = Math.max(this.#order, directory.order);
      if (isSame) await this.#loadDirectory(directory);
      else await rm(directory.path, { recursive: true, force: true });
    }
  }

  async #loadDirectory(directory: PieceDirectory): Promise<void> {
    for (const [index, name] of (await listCopies(directory.path)).entries()) {
      const path = join(directory.path, name);
      const head = (await stat(path)).size > 0 ? await readHead(path) : null;
      const isFirst = index === 0 && name === directory.from.file;
      const piece = head && newPiece(path, isFirst ? directory.from.offset : 0, head.length);
      // Its bytes were checked when they came, but the machine may have gone down since.
      const scan = piece && (await this.#scan(piece));
      if (piece && scan && scan.end > piece.start) this.#pieces.push({ ...piece, end: scan.end, isLive: false });
      else await rm(path, { force: true });
    }
  }

  async #scan(piece: SpoolPiece): Promise<{ end: number } | null> {
    try {
      return await scanPiece(piece, this.#lineage.files[piece.file]?.fileId, this.options.signal);
    } catch (error) {
      if (error instanceof LogHoleError) return null;
      throw error;
    }
  }
}

function isSameLog(a: Lineage, b: Lineage): boolean {
  const isSameFile = ([file, { fileId }]: [string, { fileId: string }]) => (a.files[file]?.fileId ?? fileId) === fileId;
  return a.incarnation === b.incarnation && Object.entries(b.files).every(isSameFile);
}
