import { createConnection } from "node:net";
import { EngineError } from "@/lib/kernel/errors";
import type { Connection } from "../../port";
import { describePlace } from "../connect";
import { ENGINE } from "../map-error";

const ANSWER_TIMEOUT_MS = 3_000;
/** What a system says of an address that nobody listens on. Silence says nothing: a server may hang there. */
const FREE = ["ECONNREFUSED", "ENOENT"];

function connect(target: { path: string } | { host: string; port: number }): Promise<"answers" | "free" | "unknown"> {
  return new Promise((resolve) => {
    const socket = createConnection(target);
    const end = (result: "answers" | "free" | "unknown") => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => end("unknown"));
    socket.once("connect", () => end("answers"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(FREE.includes(error.code ?? "") ? "free" : "unknown"));
  });
}

/** @throws EngineError unless it is certain that no server listens at socket and port: two primaries are worse than none. */
export async function assertAddressFree(connection: Connection): Promise<void> {
  const targets = [
    { host: connection.host, port: connection.port },
    ...(connection.socket ? [{ path: connection.socket }] : []),
  ];
  for (const target of targets) {
    const result = await connect(target);
    if (result === "free") continue;
    const place = "path" in target ? target.path : `${target.host}:${target.port}`;
    throw new EngineError(
      result === "answers"
        ? `a server answers at ${place} already`
        : `whether a server listens at ${place} cannot be found out`,
      {
        engine: ENGINE,
        operation: "take the primary's address",
        permanent: true,
        hint: `Stop what runs there (${describePlace(connection)}) before another server takes its address.`,
      },
    );
  }
}
