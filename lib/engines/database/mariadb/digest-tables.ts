import { EngineError } from "@/lib/kernel/errors";
import type { Connection, TableFacts } from "../port";
import { textOf, withSession } from "./connect";
import { chooseCharacterSet } from "./dump/character-set";
import { CONTENT_ARGUMENTS, historyArguments } from "./dump";
import { readScannedDump } from "./dump/scanned-dump";
import { ENGINE } from "./map-error";
import { listSchemas } from "./schemas";

const OPERATION = "digest the tables";

/** Rows and digests of every table, from a dump that is read and thrown away. @throws EngineError where a schema is not there. */
export async function digestTables(
  target: Connection,
  schemas: string[],
  { signal, onProgress }: { signal: AbortSignal; onProgress?: (bytes: number) => void },
): Promise<TableFacts[]> {
  return readScannedDump<TableFacts[]>({
    connection: target,
    operation: OPERATION,
    signal,
    onProgress,
    args: async () => {
      const [version, characterSet] = await withSession(target, { signal }, async (session) => {
        const there = await listSchemas(session);
        const missing = schemas.filter((schema) => !there.includes(schema));
        if (missing.length > 0) throw missingSchemas(missing);
        const [row] = await session.rows("read the server's version", "SELECT VERSION() AS version");
        return [textOf(row, "version") ?? "", await chooseCharacterSet(session, schemas)] as const;
      });
      const content = [...CONTENT_ARGUMENTS, ...characterSet, ...historyArguments(version)];
      return [...content, "--skip-triggers", "--databases", "--", ...schemas];
    },
    onEnd: (scanned) => Promise.resolve(scanned.tables),
  });
}

function missingSchemas(missing: readonly string[]): EngineError {
  return new EngineError(`schema "${missing.join('", "')}" is not on the target`, {
    engine: ENGINE,
    operation: OPERATION,
    permanent: true,
    kind: "damage",
    hint: "Was everything of the backup loaded?",
  });
}
