import { stat } from "node:fs/promises";
import { MAGIC } from "./event-types";
import type { ReplayPlan } from "../../port";

/** mariadb-binlog writes it, with where the event ends, before each. A statement's text could say the same: this is progress, not proof. */
const MARK = " end_log_pos ";

/** How many bytes of the log are on their way to the target, read off the text that MariaDB's reader makes of it. */
export class ReplayProgress {
  /** From start to end, over all files. */
  readonly total: number;
  readonly #before: number[];
  #file = 0;
  #at: number;

  private constructor(
    private readonly start: number,
    private readonly sizes: number[],
    end: number,
  ) {
    this.#at = start;
    this.#before = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0));
    this.total = (this.#before.at(-1) ?? 0) + end - start;
  }

  static async of(files: readonly string[], plan: ReplayPlan): Promise<ReplayProgress> {
    const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size));
    return new ReplayProgress(Math.max(plan.from.offset, MAGIC.length), sizes, plan.end.offset);
  }

  /** Takes a piece of text; returns log bytes so far. */
  push(text: Buffer): number {
    const found = text.lastIndexOf(MARK);
    const at = found < 0 ? null : /^\d+/.exec(text.toString("latin1", found + MARK.length, found + MARK.length + 12));
    if (at) this.#moveTo(Number(at[0]));
    return Math.min(this.total, (this.#before[this.#file] ?? 0) + this.#at - this.start);
  }

  #moveTo(at: number): void {
    const isNextFile = at < this.#at && this.#file < this.sizes.length - 1;
    if (isNextFile) this.#file += 1;
    this.#at = at;
  }
}
