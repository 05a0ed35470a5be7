import type { LinesTarget } from "./line-steps";
import type { RowLane } from "./row-lane";

/** Takes rows by several connections where their order means nothing, by the first one where it does. */
export interface RowLanes {
  begin(target: LinesTarget): Promise<void>;
  write(lines: Buffer): Promise<void>;
  /** Resolves when the lines are rows, or where these may go in any order when a connection has taken them. @throws EngineError */
  end(rows: number): Promise<void>;
  /** Resolves when all rows so far are in: before any statement that is not about rows. @throws EngineError */
  settle(): Promise<void>;
  /** Rejects as soon as rows that were handed over fail, or a connection does; never resolves. */
  failed: Promise<never>;
}

/**
 * What the dump set on the first connection, as far as it changes what a row becomes: as statements, in hexadecimal.
 * Without a schema `USE` is NULL and left out.
 */
const SETTINGS =
  `HEX(CONCAT_WS('', CONCAT('USE \`', REPLACE(DATABASE(), '\`', '\`\`'), '\`;'), 'SET SESSION sql_mode = ''', @@sql_mode,
  ''', time_zone = ''', @@time_zone, ''', foreign_key_checks = ', @@foreign_key_checks, ', check_constraint_checks = ',
  @@check_constraint_checks, ', sql_log_bin = ', @@sql_log_bin, ';'))`.replaceAll("\n", "");

/** Rows that wait for a connection. */
interface Part {
  into: string;
  pieces: Buffer[];
  bytes: number;
  /** The connection that takes them as they come: there are too many to wait in memory. */
  lane: RowLane | null;
}

/** One statement of the dump may be as large as a packet, and a part ends only with a statement. */
const WAITING_BYTES = 16 * 2 ** 20;

async function begin({ loader }: RowLane, { into, pieces }: Part): Promise<void> {
  await loader.begin(into);
  for (const piece of pieces) await loader.write(piece);
}

async function load(lane: RowLane, part: Part, rows: number): Promise<void> {
  await begin(lane, part);
  await lane.loader.end(rows);
}

class SeveralLanes implements RowLanes {
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  readonly #first: RowLane;
  readonly #others: readonly RowLane[];
  /** Of connections that are busy. What failed stays: whoever waits is told. */
  readonly #underWay = new Map<RowLane, Promise<void>>();
  #part: Part | null = null;
  /** What the other connections were told last. */
  #settings = "";

  constructor([first, ...others]: readonly [RowLane, ...RowLane[]]) {
    this.#first = first;
    this.#others = others;
    const rows = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    this.failed = Promise.race([rows, ...others.map(({ client }) => client.failed)]);
    this.failed.catch(() => undefined);
  }

  async begin({ into, inAnyOrder }: LinesTarget): Promise<void> {
    if (!inAnyOrder) {
      await this.settle();
      return this.#first.loader.begin(into);
    }
    // While a part is under way no other statement was carried out.
    if (this.#underWay.size === 0) await this.#prepareOthers();
    this.#part = { into, pieces: [], bytes: 0, lane: null };
  }

  async write(lines: Buffer): Promise<void> {
    const part = this.#part;
    if (!part) return this.#first.loader.write(lines);
    if (part.lane) return part.lane.loader.write(lines);
    part.pieces.push(lines);
    part.bytes += lines.length;
    if (part.bytes <= WAITING_BYTES) return;
    part.lane = await this.#takeLane();
    await begin(part.lane, part);
    part.pieces = [];
  }

  async end(rows: number): Promise<void> {
    const part = this.#part;
    if (!part) return this.#first.loader.end(rows);
    this.#part = null;
    if (part.lane) return part.lane.loader.end(rows);
    const lane = await this.#takeLane();
    const work = load(lane, part, rows);
    this.#underWay.set(lane, work);
    work.then(() => this.#underWay.delete(lane), this.#fail);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #takeLane(): Promise<RowLane> {
    for (;;) {
      const free = [this.#first, ...this.#others].find((lane) => !this.#underWay.has(lane));
      if (free) return free;
      await Promise.race(this.#underWay.values());
    }
  }

  /** The table is there when the first one answers; the others' sessions become like its own. */
  async #prepareOthers(): Promise<void> {
    const statements = Buffer.from(await this.#first.client.ask(SETTINGS), "hex").toString("utf8");
    if (statements === this.#settings) return;
    for (const { client } of this.#others) await client.write(Buffer.from(`${statements}\n`));
    this.#settings = statements;
  }
}

/** @param lanes The first is the connection that carries out the dump's statements. */
export function createRowLanes(lanes: readonly [RowLane, ...RowLane[]]): RowLanes {
  return new SeveralLanes(lanes);
}
