import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the range of outgoing connections, so that a port that is kept stays free, and below that of the stores' own. */
const [LOWEST, HIGHEST] = [5_000, 9_999];

/** Whether a server could listen on 127.0.0.1 at this port now. */
function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port of 127.0.0.1 on which nothing listens. @throws Error when none is found */
export async function findFreePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}
