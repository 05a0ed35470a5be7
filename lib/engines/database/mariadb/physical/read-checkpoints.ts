import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LsnRange } from "../../port";
import { physicalFailure } from "./physical-failure";

/** The tool's files had other names before 11.1. */
const NAMES = {
  checkpoints: ["mariadb_backup_checkpoints", "xtrabackup_checkpoints"],
  info: ["mariadb_backup_info", "xtrabackup_info"],
};
const NUMBER = /^\d+$/;

export interface Checkpoints {
  lsn: LsnRange;
  isFull: boolean;
}

async function readOne(directory: string, names: readonly string[], operation: string): Promise<string> {
  for (const name of names) {
    try {
      return await readFile(join(directory, name), "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw physicalFailure(operation, `${name} cannot be read`, {
        hint: "May this user read what the tool wrote?",
        cause,
      });
    }
  }
  throw physicalFailure(operation, `the backup holds no ${names[0]}: it is not whole`, {
    hint: "Did the tool end early, or was the stream cut?",
  });
}

/** Lines of `name = value`. */
function parseLines(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^(\w+) = (.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
}

/** Reads what the tool says of its own LSNs. @throws EngineError where it says nothing that can be read */
export async function readCheckpoints(directory: string, operation: string): Promise<Checkpoints> {
  const lines = parseLines(await readOne(directory, NAMES.checkpoints, operation));
  const [from = "", to = "", last = ""] = ["from_lsn", "to_lsn", "last_lsn"].map((name) => lines.get(name) ?? "");
  if (![from, to, last].every((value) => NUMBER.test(value))) {
    throw physicalFailure(operation, "the tool's checkpoints cannot be read", {
      hint: "Is this a version of mariadb-backup that writes from_lsn, to_lsn and last_lsn?",
    });
  }
  return { lsn: { from, to, last }, isFull: lines.get("backup_type") === "full-backuped" };
}

/** Where the data ends in the server's log, without its GTID. Null where the server keeps no log. */
export async function readLogPlace(
  directory: string,
  operation: string,
): Promise<{ file: string; offset: number } | null> {
  const place = parseLines(await readOne(directory, NAMES.info, operation)).get("binlog_pos") ?? "";
  const match = /filename '([^']+)', position '(\d+)'/.exec(place);
  return match ? { file: match[1] ?? "", offset: Number(match[2]) } : null;
}
