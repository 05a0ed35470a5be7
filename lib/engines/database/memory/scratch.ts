import { createHash } from "node:crypto";
import { EngineError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import type { Connection, Heartbeat, ScratchOptions, ScratchServer, TableFacts } from "../port";
import { memoryFailure } from "./log";
import type { Tables } from "./server";

/** A throw-away server of a test. */
export interface MemoryScratch {
  directory: string;
  tables: Tables;
  users: string;
  /** Last transaction that was applied. */
  gtid: string | null;
  state: "running" | "stopped" | "safe" | "primary";
  /** Tables that CHECK TABLE finds broken. */
  broken: { table: string; message: string }[];
}

/** The disk and the processes of a test's machine. */
export class MemoryMachine {
  /** Log files that were put together, by path. */
  readonly files = new Map<string, Buffer>();
  readonly scratches = new Map<string, MemoryScratch>();
  /** Directories that hold something of others. */
  readonly foreign = new Set<string>();
  /** What a throw-away server says to the next load. */
  loadError: Error | null = null;
  /** Whether something answers at the primary's address. */
  isAddressTaken: () => boolean = () => false;

  start(options: ScratchOptions): ScratchServer {
    const { directory } = options;
    if (this.foreign.has(directory) || this.scratches.has(directory)) {
      throw memoryFailure(`directory "${directory}" is not empty`, true);
    }
    const scratch: MemoryScratch = {
      directory,
      tables: new Map(),
      users: "",
      gtid: null,
      state: "running",
      broken: [],
    };
    this.scratches.set(directory, scratch);
    const ended = Promise.withResolvers<{ exitCode: number | null; message: string }>();
    const end = () => {
      scratch.state = "stopped";
      ended.resolve({ exitCode: 0, message: "" });
      return Promise.resolve();
    };
    const connection = {
      socket: `${directory}/s`,
      host: "127.0.0.1",
      port: 4000,
      user: "root",
      password: new Secret(""),
    };
    return {
      directory,
      socket: connection.socket,
      port: connection.port,
      connection,
      optionFile: `${directory}/client.cnf`,
      serverFile: `${directory}/server.cnf`,
      pid: 4000,
      stop: () => (scratch.state === "primary" ? Promise.resolve() : end()),
      leaveBehind: () => {
        this.foreign.add(directory);
        return end();
      },
      makeSafe: () => {
        scratch.state = "safe";
        return Promise.resolve();
      },
      exited: () => ended.promise,
      takeAddress: () => {
        if (this.isAddressTaken()) return Promise.reject(memoryFailure("something answers there already", true));
        scratch.state = "primary";
        return Promise.resolve({ pid: 4001 });
      },
    };
  }

  at(connection: Connection): MemoryScratch {
    const scratch = [...this.scratches.values()].find((each) => `${each.directory}/s` === connection.socket);
    if (!scratch || scratch.state === "stopped") throw memoryFailure("nothing answers there");
    return scratch;
  }

  /** What was made the primary is no throw-away server any more. */
  remove(directory: string): boolean {
    if (this.foreign.has(directory) || this.scratches.get(directory)?.state === "primary") {
      throw new EngineError(`directory "${directory}" is no throw-away directory of Holdfast`, {
        engine: "memory",
        operation: "remove",
        permanent: true,
        hint: "Look at the test.",
      });
    }
    this.scratches.delete(directory);
    return true;
  }

  removeFiles(directory: string): void {
    for (const path of this.files.keys()) if (path.startsWith(`${directory}/`)) this.files.delete(path);
  }
}

/** Of the tables of some schemas, in the order of their names. */
export function describeTables(tables: Tables, schemas: readonly string[]): TableFacts[] {
  return [...tables]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, rows]): TableFacts[] => {
      const [schema = "", table = ""] = name.split(".");
      if (!schemas.includes(schema)) return [];
      const digest = (text: string) => createHash("sha256").update(text).digest("hex");
      return [{ schema, table, rows: rows.length, sha256: digest(rows.join("\n")), definitionSha256: digest(name) }];
    });
}

export function heartbeatOf(tables: Tables): Heartbeat | null {
  const [seq, at] = tables.get("holdfast.heartbeat")?.at(-1)?.split(" ") ?? [];
  return seq && at ? { seq: BigInt(seq), at: new Date(at) } : null;
}
