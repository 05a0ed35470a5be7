import { EngineError } from "@/lib/kernel/errors";
import type { Connection, Dump, DumpFacts, DumpPlan, LogPosition } from "../port";
import { type SchemaCounts, countObjects } from "./count-objects";
import { textOf, withSession } from "./connect";
import { isAtLeast, parseServerVersion } from "./hazards/server-version";
import { ENGINE } from "./map-error";
import { readPosition } from "./read-position";
import { chooseCharacterSet } from "./dump/character-set";
import { noPosition } from "./dump/explain-dump";
import type { ScannedDump } from "./dump/scan-dump";
import { openScannedDump } from "./dump/scanned-dump";

const OPERATION = "dump the data";

/** What every dump of data is taken with, a copy's as well: only then are their digests alike. */
export const CONTENT_ARGUMENTS = [
  "--single-transaction",
  // A dump that locks tables cannot be loaded where a sequence is a column's default (error 1100).
  "--skip-add-locks",
  // Newer clients wrap each table in a transaction of its own unless told not to.
  "--skip-no-autocommit",
  // Values of more than 16 MB fail at both ends without it.
  "--max-allowed-packet=1G",
  // It only concerns MySQL Cluster, and fails on names that the server's character set does not know.
  "--no-tablespaces",
];
const BACKUP_ARGUMENTS = ["--master-data=2", "--gtid", "--routines", "--triggers", "--events"];
/** Before 10.11 the server cannot take a history back. */
const HISTORY_ARGUMENT = "--dump-history";

function failed(message: string, hint: string, permanent = false): EngineError {
  return new EngineError(message, { engine: ENGINE, operation: OPERATION, permanent, hint });
}

/** `--dump-history` where the server knows it. */
export function historyArguments(version: string): string[] {
  return isAtLeast(parseServerVersion(version), 10, 11) ? [HISTORY_ARGUMENT] : [];
}

interface Expected extends SchemaCounts {
  version: string;
  characterSet: readonly string[];
}

async function readExpected(connection: Connection, plan: DumpPlan, signal: AbortSignal): Promise<Expected> {
  return withSession(connection, { signal }, async (session) => {
    const [row] = await session.rows("read the server's version", "SELECT VERSION() AS version");
    const counts = await countObjects(session, plan.schemas);
    const characterSet = await chooseCharacterSet(session, plan.schemas);
    return {
      ...counts,
      views: counts.views - plan.leaveOut.length,
      version: textOf(row, "version") ?? "",
      characterSet,
    };
  });
}

/** Compares what was found in the dump with what the server said before. A silent omission ends here. */
function assertComplete(scanned: ScannedDump, expected: Expected): void {
  const found: SchemaCounts = { tables: scanned.tables.length, ...scanned.counts };
  for (const kind of ["tables", "views", "triggers", "routines", "events", "sequences"] as const) {
    if (found[kind] === expected[kind]) continue;
    throw failed(
      `the dump holds ${found[kind]} ${kind} where the server has ${expected[kind]}`,
      "Were some made or dropped during the dump? If not, does the account have all its rights? `doctor` names those that are missing.",
    );
  }
}

function assertPosition(position: LogPosition | null): LogPosition {
  if (position) return position;
  throw noPosition(OPERATION);
}

/** Dumps schemas with everything in them in one snapshot. `done` and the output fail together, so a part is never taken for the whole. */
export function dumpData(
  connection: Connection,
  plan: DumpPlan,
  options: { signal: AbortSignal; onProgress?: (bytes: number) => void },
): Dump {
  let expected: Expected;
  return openScannedDump<DumpFacts>({
    ...options,
    connection,
    operation: OPERATION,
    args: async () => {
      if (plan.schemas.length === 0)
        throw failed("there is no schema to dump", "Does the account see the application's schemas?", true);
      expected = await readExpected(connection, plan, options.signal);
      return [
        ...CONTENT_ARGUMENTS,
        ...expected.characterSet,
        ...BACKUP_ARGUMENTS,
        ...historyArguments(expected.version),
        ...plan.leaveOut.map((view) => `--ignore-table=${view}`),
        "--databases",
        "--",
        ...plan.schemas,
      ];
    },
    onEnd: async (scanned) => {
      const position = assertPosition(scanned.position);
      assertComplete(scanned, expected);
      const end = await withSession(connection, { signal: options.signal }, readPosition);
      return { position, endPosition: assertPosition(end), tables: scanned.tables, ...scanned.counts };
    },
  });
}
