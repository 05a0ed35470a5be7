import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";

/** The first file of InnoDB's system tablespace, as `innodb_data_file_path` names it. */
export function systemFile(dataDirectory: string, dataFilePath: string): string {
  return join(dataDirectory, dataFilePath.split(":")[0] ?? "ibdata1");
}

/**
 * Names these very files on this disk. LSNs say nothing of a data directory that was restored meanwhile: its numbers go
 * on from an older place, and an increment would lack pages without a word. A file that was put there anew is another one.
 */
export async function readLineage(server: {
  dataDirectory: string;
  dataFilePath: string;
  serverUid: string;
}): Promise<string> {
  const found = await stat(systemFile(server.dataDirectory, server.dataFilePath), { bigint: true });
  // A file system that keeps no birth time answers the last change, which is none.
  const birth = found.birthtimeNs === found.ctimeNs ? 0n : found.birthtimeNs;
  const text = JSON.stringify([server.serverUid, String(found.ino), String(birth)]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
