import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Secret } from "@/lib/kernel/secret";
import type { Connection, DatabaseSample, SampleDump, ScratchServer, ServerSettings } from "../../port";
import { withSession } from "../connect";
import { createMariadbEngine } from "../engine";
import { installedVersion } from "../server/installed-version";
import { breakDump } from "./break-dump";
import { AFTERWARDS, BETWEEN, OTHER_HISTORY, SAMPLE_SCHEMA, SEED } from "./sample-statements";

const SERVER_ID = "4711";
const SCHEMAS = [SAMPLE_SCHEMA, "holdfast"];

export interface SampleOptions {
  /** Short, empty or absent: the sample's server lives there while the sample is made. */
  directory: string;
  signal: AbortSignal;
}

/** Makes a small database on a throw-away server with a log, dumps it twice, and ends the server. @throws EngineError, CancelledError */
export async function makeSample({ directory, signal }: SampleOptions): Promise<DatabaseSample> {
  const settings = await settingsHere(signal);
  const unbound = createMariadbEngine({ host: "127.0.0.1", port: 0, user: "root", password: new Secret("") });
  const server = await unbound.startScratch({ directory, port: 0, settings, log: { serverId: SERVER_ID }, signal });
  try {
    return { ...(await fillAndDump(server, signal)), serverId: SERVER_ID, settings, schemas: SCHEMAS };
  } finally {
    await server.stop();
    await unbound.removeScratch(directory);
  }
}

async function settingsHere(signal: AbortSignal): Promise<ServerSettings> {
  return {
    version: await installedVersion(signal),
    lowerCaseTableNames: 0,
    pageSizeBytes: 16_384,
    characterSet: "utf8mb4",
    collation: "utf8mb4_general_ci",
    sqlMode: "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
    timeZone: "+00:00",
    hasTimeZoneTables: false,
    plugins: [],
  };
}

type Filled = Omit<DatabaseSample, "serverId" | "settings" | "schemas">;

async function fillAndDump({ connection, directory }: ScratchServer, signal: AbortSignal): Promise<Filled> {
  const engine = createMariadbEngine(connection);
  const run = (statements: readonly string[]) => runAll(connection, statements, signal);
  const dump = async (): Promise<SampleDump> => {
    const { output, done } = engine.dump({ schemas: SCHEMAS, leaveOut: [] }, { signal });
    const [sql, facts] = await Promise.all([buffer(output), done]);
    return { sql, facts };
  };
  try {
    await engine.prepareHeartbeat(signal);
    await run(SEED);
    await engine.beat(1n, signal);
    const earlier = await dump();
    await run(BETWEEN);
    await engine.beat(2n, signal);
    const users = engine.dumpUsers(signal);
    const [usersSql] = await Promise.all([buffer(users.output), users.done]);
    const whole = await dump();
    await run(AFTERWARDS);
    await engine.beat(3n, signal);
    const readLog = () => readFile(join(directory, "data", whole.facts.position.file));
    const log = await readLog();
    await run(["RESET MASTER", ...OTHER_HISTORY]);
    await engine.beat(4n, signal);
    const otherLog = await readLog();
    return { engine, users: usersSql, whole, earlier, broken: breakEach(whole.sql), log, otherLog };
  } finally {
    await engine.close();
  }
}

function breakEach(sql: Buffer): DatabaseSample["broken"] {
  return {
    "no-footer": breakDump(sql, "no-footer"),
    "no-rows": breakDump(sql, "no-rows"),
    "table-missing": breakDump(sql, "table-missing"),
    "triggers-missing": breakDump(sql, "triggers-missing"),
    "other-character-set": breakDump(sql, "other-character-set"),
  };
}

async function runAll(connection: Connection, statements: readonly string[], signal: AbortSignal): Promise<void> {
  await withSession(connection, { signal }, async (session) => {
    for (const sql of statements) await session.rows("fill the sample", sql);
  });
}
