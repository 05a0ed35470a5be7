import { Socket } from "node:net";
import { EngineError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";
import { quoteText } from "../server/initialize-data-directory";
import type { RowPipe } from "./row-pipe";
import type { SqlClient } from "./sql-client";

/** Hands rows to the server as lines of text: what it needs for them is two thirds of what it needs for INSERT statements. */
export interface RowLoader {
  /** Begins a LOAD DATA behind the statements that the client was given before. */
  begin(into: string): Promise<void>;
  write(lines: Buffer): Promise<void>;
  /** Resolves when the lines are rows. @throws EngineError when these are not as many. */
  end(rows: number): Promise<void>;
  dispose(): void;
}

/** Bytes that wait in this process for the pipe's 64 KiB to be free. */
const WAITING_BYTES = 2 ** 20;

/** As the dump writes rows: `(1,'it\'s',NULL),` in a line of its own. */
const FORMAT = String.raw`FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\'' ESCAPED BY '\\' LINES STARTING BY '(' TERMINATED BY '),\n'`;

/** Unique checks make it insert row by row: without them InnoDB sorts the rows in files first, and takes twice the time. */
function loadStatement(path: string, into: string): string {
  return `SET STATEMENT unique_checks = 1 FOR LOAD DATA INFILE ${quoteText(path)} ${into} ${FORMAT};\n`;
}

function lostRows(expected: number, found: string): EngineError {
  return new EngineError(`of ${expected} rows that the target was given it took ${found}`, {
    engine: ENGINE,
    operation: "load the data",
    permanent: true,
    hint: "This is a defect of Holdfast.",
  });
}

/** Resolves when the pipe took what waits, or is closed. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

/** @param client The one whose session's settings hold for the rows. */
export function createRowLoader(client: SqlClient, pipe: RowPipe): RowLoader {
  const own = new AbortController();
  let socket: Socket | null = null;
  return {
    async begin(into) {
      await client.write(Buffer.from(loadStatement(pipe.path, into)));
      const fd = await pipe.openForWriting(own.signal);
      if (fd === null) return;
      socket = new Socket({ fd, readable: false, writable: true });
      // Why it does not take more is told by the client's end.
      socket.on("error", () => undefined);
    },
    async write(lines) {
      if (socket && !socket.destroyed && !socket.write(lines) && socket.writableLength > WAITING_BYTES)
        await drained(socket);
      // The server reads no more: the client's end says why.
      if (!socket || socket.destroyed) await client.failed;
    },
    async end(rows) {
      socket?.end();
      socket = null;
      const found = await client.ask("ROW_COUNT()");
      if (found !== String(rows)) throw lostRows(rows, found);
    },
    dispose() {
      own.abort();
      socket?.destroy();
    },
  };
}
