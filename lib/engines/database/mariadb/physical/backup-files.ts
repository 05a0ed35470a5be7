import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Writable } from "node:stream";
import { startProgram } from "@/lib/engines/shared/process";
import type { Connection, LogPosition, PhysicalBackup, PhysicalFacts, PhysicalPlan } from "../../port";
import { describePlace, textOf, withSession } from "../connect";
import { writeDefaultsFile } from "../defaults-file";
import { ENGINE } from "../map-error";
import { openBehind } from "@/lib/engines/shared/reader/read-behind";
import { makeTemporaryDirectory } from "../temporary-directory";
import { assertContinues, assertRange, assertSameServer } from "./check-chain";
import { explainBackup } from "./explain-backup";
import { physicalFailure } from "./physical-failure";
import { readCheckpoints, readLogPlace } from "./read-checkpoints";
import { type SourceServer, type SourceState, readSource, readSourceLsn, readSourceState } from "./read-source";
import { TOOL, requireTool } from "./tool-version";

const OPERATION = "back up the server's files";
const READER = fileURLToPath(new URL("files-program.ts", import.meta.url));
/** The tool's last line; without it an exit code of 0 says nothing. */
const LAST_LINE = /\bcompleted OK!\s*$/;

interface Begun {
  source: SourceServer;
  state: SourceState;
  tool: string;
  /** Where the tool leaves its LSNs and its position; gone with `dispose`. */
  lsnDirectory: string;
}

/**
 * Streams the server's files, or what changed in them since the plan's parent. `done` and the stream fail together, so a
 * part is never taken for the whole. The server goes on; only DDL waits for the last moments.
 */
export function backupFiles(
  connection: Connection,
  plan: PhysicalPlan,
  options: { signal: AbortSignal; onProgress?: (bytes: number) => void },
): PhysicalBackup {
  let result: PhysicalFacts | undefined;
  return openBehind<{ lastFile: string }, PhysicalFacts>({
    engine: ENGINE,
    operation: OPERATION,
    reader: READER,
    malformed: (message) =>
      physicalFailure(OPERATION, `the stream of files is not whole: ${message}`, {
        permanent: false,
        hint: "Did the tool end early? The server's error log may say so.",
      }),
    onProgress: options.onProgress,
    signal: options.signal,
    start: async (into, signal) => {
      const begun = await begin(connection, plan, signal);
      const directory = await makeTemporaryDirectory();
      const dispose = () => rm(directory, { recursive: true, force: true });
      try {
        const tool = await startTool(connection, { plan, directory, into, signal });
        const done = tool.done.then(async () => {
          result = await readFacts(connection, { ...plan, ...begun, lsnDirectory: join(directory, "lsn") }, signal);
        });
        done.catch(() => undefined); // Awaited together with the reader's end.
        return { done, dispose: () => Promise.all([tool.dispose(), dispose()]).then(() => undefined) };
      } catch (error) {
        await dispose();
        throw error;
      }
    },
    onEnd: () => {
      if (!result) throw new Error("the tool's facts were not read");
      return Promise.resolve(result);
    },
  });
}

/** What the server is before the tool looks at it. @throws EngineError where tool or parent do not fit */
async function begin(
  connection: Connection,
  { parent }: PhysicalPlan,
  signal: AbortSignal,
): Promise<Omit<Begun, "lsnDirectory">> {
  return withSession(connection, { signal }, async (session) => {
    const source = await readSource(session);
    const tool = await requireTool(source.version, OPERATION, signal);
    const state = await readSourceState(session, source).catch((cause: unknown) => {
      throw physicalFailure(OPERATION, `the server's files in "${source.dataDirectory}" cannot be seen from here`, {
        hint: "Run the backup on the database's own host, by a runner that may read its data directory.",
        cause,
      });
    });
    if (parent) assertContinues(OPERATION, state, { parent, tool });
    return { source, state, tool };
  });
}

async function startTool(
  connection: Connection,
  {
    plan,
    directory,
    into,
    signal,
  }: { plan: PhysicalPlan; directory: string; into: Writable | null; signal: AbortSignal },
): Promise<{ done: Promise<void>; dispose(): Promise<void> }> {
  const defaults = await writeDefaultsFile(connection);
  const running = startProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: TOOL,
    args: [
      defaults.argument,
      "--backup",
      "--stream=mbstream",
      `--target-dir=${join(directory, "target")}`,
      `--extra-lsndir=${join(directory, "lsn")}`,
      ...(plan.parent ? [`--incremental-lsn=${plan.parent.lsn.to}`] : []),
    ],
    stdio: ["ignore", into, "pipe"],
    // It holds locks of the server, which must not outlive whoever wanted the backup.
    diesWithUs: true,
    signal,
    hint: "The server's error log may say more.",
    explain: (stderr, exitCode) =>
      explainBackup(stderr, exitCode, { operation: OPERATION, place: describePlace(connection) }),
  });
  const done = running.done.then(({ stderr }) => {
    if (LAST_LINE.test(stderr)) return;
    throw physicalFailure(OPERATION, "mariadb-backup ended without its last line: the backup is not whole", {
      permanent: false,
      hint: "Did something end it? The kernel's log and the server's error log may say so.",
    });
  });
  done.catch(() => undefined); // Awaited together with the reader's end.
  return { done, dispose: () => defaults.remove() };
}

/** What was backed up, in the words of the tool, checked against the server. */
async function readFacts(
  connection: Connection,
  { parent, source, state, tool, lsnDirectory }: Begun & PhysicalPlan,
  signal: AbortSignal,
): Promise<PhysicalFacts> {
  const { lsn } = await readCheckpoints(lsnDirectory, OPERATION);
  assertRange(OPERATION, lsn, { from: parent?.lsn.to ?? "0" });
  const place = await readLogPlace(lsnDirectory, OPERATION);
  return withSession(connection, { signal }, async (session) => {
    const now = await readSourceLsn(session);
    assertSameServer(OPERATION, lsn, { before: state.checkpoint, after: now.checkpoint });
    if (!place) throw noPosition();
    const [row] = await session.rows("read the log's GTID", "SELECT BINLOG_GTID_POS(?, ?) AS gtid", [
      place.file,
      place.offset,
    ]);
    const gtid = textOf(row, "gtid");
    if (gtid === null) throw noPosition();
    const position: LogPosition = { ...place, gtid };
    return { lsn, lineage: state.lineage, toolVersion: tool, version: source.version, position };
  });
}

function noPosition(): Error {
  return physicalFailure(
    OPERATION,
    "the backup has no position in the server's log: nothing after it could come back",
    {
      hint: "Is the binary log on, and was it not deleted while the backup ran?",
    },
  );
}
