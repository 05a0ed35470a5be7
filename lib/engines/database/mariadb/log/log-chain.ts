import { logHole } from "./damage";
import { EVENT } from "./event-types";
import { type GtidListEntry, isAfterStart, readGtidList, readRotate } from "./read-bodies";
import type { LogEvent } from "./scan-events";
import type { TrackedTransaction } from "./track-transactions";

/** How a file ended: by the server's own last event, or without one (the server was killed, or still writes it). */
export interface FileEnd {
  file: string;
  /** ROTATE names the file that follows. */
  nextFile: string | null;
  hasStop: boolean;
  /** Something began that did not end. */
  isTorn: boolean;
  /** Its last events may have been read by someone else before. */
  isResumed: boolean;
}

/** `mariadb-bin.000009` is followed by `mariadb-bin.000010`; null where the name has no number. */
export function nextLogFile(file: string): string | null {
  const match = /^(.*\.)(\d+)$/.exec(file);
  if (!match) return null;
  const [, base = "", number = ""] = match;
  return base + String(BigInt(number) + 1n).padStart(number.length, "0");
}

/** Proves that files follow each other without a hole: by their names, their ends, and the GTID list at each one's head. */
export class LogChain {
  /** Newest sequence of each domain and server, as `domain-server`; null until a file's head told it. */
  #state: Map<string, bigint> | null = null;
  #previous: FileEnd | null = null;
  #file = "";
  #end: FileEnd | null = null;

  openFile(file: string): void {
    this.#file = file;
    this.#end = { file, nextFile: null, hasStop: false, isTorn: false, isResumed: false };
    const previous = this.#previous;
    if (!previous) return;
    const expected = previous.nextFile ?? nextLogFile(previous.file);
    if (expected !== file) {
      throw logHole(`the log has a hole: "${previous.file}" is followed by "${expected}", but "${file}" was given`);
    }
  }

  /** Goes on in the middle of a file, or after its end. */
  resumeFile(file: string): void {
    if (this.#file === file && this.#end) return;
    this.#file = file;
    this.#end = { file, nextFile: null, hasStop: false, isTorn: false, isResumed: true };
  }

  /** Events outside transactions. @throws EngineError at a hole */
  accept(event: LogEvent): void {
    if (event.type === EVENT.format) this.#acceptFormat(event);
    else if (event.type === EVENT.gtidList) this.#acceptList(readGtidList(event.body));
    else if (event.type === EVENT.rotate && this.#end) this.#end.nextFile = readRotate(event.body);
    else if (event.type === EVENT.stop && this.#end) this.#end.hasStop = true;
  }

  acceptTransaction(transaction: TrackedTransaction): void {
    this.#state?.set(`${transaction.domain}-${transaction.serverId}`, transaction.sequence);
  }

  /** Returns how the file ended. `isTorn`: its last bytes are a part of an event or of a transaction. */
  closeFile(isTorn: boolean): FileEnd {
    const open = this.#end ?? { file: this.#file, nextFile: null, hasStop: false, isResumed: true };
    this.#previous = { ...open, isTorn };
    return this.#previous;
  }

  /** Whether the log up to here holds a GTID as the newest of its domain and server; undefined while that is not known. */
  isAt(gtid: string): boolean | undefined {
    if (!this.#state) return undefined;
    const [domain, server, sequence] = gtid.split("-");
    return this.#state.get(`${domain}-${server}`) === BigInt(sequence ?? 0);
  }

  /** Domains that the log has used up to here. */
  domains(): number[] {
    return [...new Set([...(this.#state?.keys() ?? [])].map((key) => Number(key.split("-")[0])))];
  }

  /** Only a server that was started anew rolls back what the file before left open, or leaves it without an end. */
  #acceptFormat(event: LogEvent): void {
    const previous = this.#previous;
    if (!previous || isAfterStart(event.body)) return;
    const hasNoEnd = previous.nextFile === null && !previous.isResumed;
    if (hasNoEnd || previous.isTorn) {
      throw logHole(`the log file "${previous.file}" is cut: "${this.#file}" follows it without a start of the server`);
    }
  }

  #acceptList(list: GtidListEntry[]): void {
    const listed = new Map(list.map((entry) => [`${entry.domain}-${entry.serverId}`, entry.sequence]));
    if (this.#state) {
      for (const [key, sequence] of listed) {
        const known = this.#state.get(key);
        if (known === sequence) continue;
        throw logHole(
          `the log has a hole before "${this.#file}": it begins after ${key}-${sequence}, the files before end at ${known === undefined ? "none of this domain" : `${key}-${known}`}`,
        );
      }
    }
    this.#state = listed;
  }
}
