import type { Readable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { Connection } from "../port";
import { DumpSplitter, MalformedDumpError, statementText } from "./dump/split-dump";
import { type UserPart, rewriteUserStatement } from "./load/rewrite-users";
import { type SqlClient, startSqlClient } from "./load/sql-client";
import { ENGINE } from "./map-error";

const OPERATIONS = {
  accounts: "load users and roles",
  "object-rights": "load the rights on tables and routines",
} as const;

export interface LoadUsersOptions {
  part: UserPart;
  /** Users by whom nobody gets into the target: the runner's own. */
  locked: readonly string[];
  signal: AbortSignal;
}

async function feed(sql: Readable, client: SqlClient, options: LoadUsersOptions): Promise<void> {
  const ready: Buffer[] = [];
  const splitter = new DumpSplitter({
    statement: (bytes) => {
      const statement = rewriteUserStatement(statementText(bytes), options.part, options.locked);
      if (statement) ready.push(Buffer.from(`${statement}\n`));
    },
    program: () => {
      throw new MalformedDumpError("a dump of users holds no stored program");
    },
    rows: () => {
      throw new MalformedDumpError("a dump of users holds no rows");
    },
  });
  let tail = "";
  for await (const chunk of sql as AsyncIterable<Buffer>) {
    splitter.push(chunk);
    tail = `${tail}${chunk.toString("latin1")}`.slice(-200);
    for (const bytes of ready.splice(0)) await client.write(bytes);
  }
  splitter.end();
  if (!tail.includes("\n-- Dump of the rights of PUBLIC completed\n"))
    throw new MalformedDumpError("its last line is missing");
  for (const bytes of ready.splice(0)) await client.write(bytes);
}

/** Loads one part of the users' artefact. May be done again: accounts replace what has their name. @throws EngineError, CancelledError */
export async function loadUsersPart(target: Connection, sql: Readable, options: LoadUsersOptions): Promise<void> {
  const operation = OPERATIONS[options.part];
  const client = await startSqlClient(target, operation, options.signal);
  try {
    const work = feed(sql, client, options).then(() => client.finish());
    work.catch(() => undefined);
    await Promise.race([work, client.failed]);
  } catch (error) {
    if (options.signal.aborted) throw new CancelledError(`stopped while it had to ${operation}`);
    if (!(error instanceof MalformedDumpError)) throw error;
    const hint = "Was the backup's object checked? Another copy of it may be whole.";
    throw new EngineError(`the users' artefact is not whole: ${error.message}`, {
      engine: ENGINE,
      operation,
      permanent: true,
      kind: "damage",
      hint,
    });
  } finally {
    sql.destroy();
    await client.dispose();
  }
}
