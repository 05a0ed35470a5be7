import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { LogOffset } from "../../port";

const FILE = "lineage.json";

const Stored = z.object({
  incarnation: z.string(),
  serverId: z.string(),
  begin: z.object({ file: z.string(), offset: z.number() }),
  files: z.record(
    z.string(),
    z.object({ fileId: z.string(), end: z.number().nullable(), nextFile: z.string().nullable() }),
  ),
});

/** What is known of one file of the log. `end` and `nextFile` are set once the server went on to another. */
export interface LineageFile {
  fileId: string;
  end: number | null;
  nextFile: string | null;
}

/** Which log the spool holds, kept beside it: a collector that starts again must not mix two. */
export interface Lineage {
  incarnation: string;
  serverId: string;
  begin: LogOffset;
  files: Record<string, LineageFile>;
}

/** null where there is none that can be read: the spool is then of no use. */
export async function readLineage(spool: string): Promise<Lineage | null> {
  const text = await readFile(join(spool, FILE), "utf8").catch(() => null);
  if (text === null) return null;
  const parsed = Stored.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // cut by a crash: as if it were not there
  }
}

export async function writeLineage(spool: string, lineage: Lineage): Promise<void> {
  const path = join(spool, FILE);
  await writeFile(`${path}.new`, JSON.stringify(lineage), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
