import type { Readable } from "node:stream";
import type { Connection } from "../port";
import { textOf, withSession } from "./connect";
import { FooterWatch } from "./dump/footer-watch";
import { isAtLeast, parseServerVersion } from "./hazards/server-version";
import { streamDump } from "./dump/stream-dump";

const OPERATION = "dump users and roles";
const PUBLIC_END = "-- Dump of the rights of PUBLIC completed\n";

/** Rights of PUBLIC: MariaDB's dump leaves them out without a word. */
async function readPublicGrants(connection: Connection, signal: AbortSignal): Promise<string[]> {
  return withSession(connection, { signal }, async (session) => {
    const [row] = await session.rows("read the server's version", "SELECT VERSION() AS version");
    if (!isAtLeast(parseServerVersion(textOf(row, "version") ?? ""), 10, 11)) return [];
    const rows = await session.rows("read the rights of PUBLIC", "SHOW GRANTS FOR PUBLIC");
    return rows.flatMap((grant) => Object.values(grant)).map(String);
  });
}

/** Users, roles and rights as SQL. Holds the hashes of passwords. */
export function dumpUsers(connection: Connection, signal: AbortSignal): { output: Readable; done: Promise<void> } {
  const footer = new FooterWatch();
  return streamDump<void>({
    connection,
    operation: OPERATION,
    signal,
    args: () => Promise.resolve(["--system=users", "--default-character-set=utf8mb4"]),
    onChunk: (chunk) => footer.push(chunk),
    onEnd: async (append) => {
      footer.end();
      const grants = await readPublicGrants(connection, signal);
      append(`\nSET NAMES utf8mb4;\n${grants.map((grant) => `${grant};\n`).join("")}${PUBLIC_END}`);
    },
  });
}
