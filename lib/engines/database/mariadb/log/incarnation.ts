import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { newToken } from "@/lib/kernel/ids";
import type { Connection, LogOffset } from "../../port";
import { logDamage } from "./damage";
import { EVENT } from "./event-types";
import { fetchPiece } from "./fetch-piece";
import type { Lineage } from "./lineage";
import { fileIdOf } from "./read-bodies";
import { EventScanner } from "./scan-events";
import { readServerLog } from "./server-log";
import { readHead } from "./spool-piece";

/** Directories in the spool that hold nothing but a file's head, for a moment. */
export const BEGIN_PREFIX = "begin-";

export interface BeginOptions {
  connection: Connection;
  /** Where the head of the file may lie for a moment. */
  spool: string;
  /** null: the file that the server writes now. */
  file: string | null;
  signal: AbortSignal;
}

/** A new incarnation, named after the creation of the file with which it begins. A file's first event tells only the second: the rest of the name is chance, so that two logs never share it. */
export async function beginIncarnation(options: BeginOptions): Promise<Lineage> {
  const { connection, signal } = options;
  const server = await readServerLog(connection, signal);
  const begin = { file: options.file ?? server.end.file, offset: 0 };
  const format = await fetchFormat(options, begin);
  const created = new Date(format.timestamp * 1_000).toISOString().replace(/[-:]|\.\d+/g, "");
  return {
    incarnation: `${created}-${newToken(4)}`,
    serverId: String(server.serverId),
    begin,
    files: { [begin.file]: { fileId: format.fileId, end: null, nextFile: null } },
  };
}

async function fetchFormat(options: BeginOptions, from: LogOffset): Promise<{ fileId: string; timestamp: number }> {
  const { connection, spool, signal } = options;
  await mkdir(spool, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(spool, BEGIN_PREFIX));
  try {
    await fetchPiece({ connection, directory, from, bytesMax: 4_096, fileId: undefined, signal });
    const head = await readHead(join(directory, from.file));
    if (head === null) throw logDamage(`the log file "${from.file}" of the server has no beginning`);
    return readFormat(head, from.file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function readFormat(head: Buffer, file: string): { fileId: string; timestamp: number } {
  let found: { fileId: string; timestamp: number } | null = null;
  new EventScanner({ file }).push(head, (event) => {
    if (event.type === EVENT.format) found = { fileId: fileIdOf(event), timestamp: event.timestamp };
  });
  if (found === null) throw logDamage(`the log file "${file}" of the server does not begin with a format event`);
  return found;
}
