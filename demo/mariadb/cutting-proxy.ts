import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** Stands before a server on loopback and cuts connections in the middle of what the server sends. */
export interface CuttingProxy {
  port: number;
  /** Connections that were cut so far. */
  readonly cuts: number;
  /** From now on each connection is cut after a number of bytes from the server that chance gives; null: none is. */
  setCutting(chance: (() => number) | null): void;
  close(): Promise<void>;
}

/** From the middle of the server's greeting to 128 kB; mostly early. */
const SMALLEST_POWER = 5;
const LARGEST_POWER = 17;

/** Passes everything on until it is told to cut. */
export async function startCuttingProxy(target: { port: number }): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let chance: (() => number) | null = null;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(target.port, "127.0.0.1");
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    client.on("data", (bytes) => upstream.write(bytes));
    let left = chance ? Math.floor(2 ** (SMALLEST_POWER + chance() * (LARGEST_POWER - SMALLEST_POWER))) : Infinity;
    upstream.on("data", (bytes: Buffer) => {
      const part = bytes.subarray(0, left);
      left -= part.length;
      client.write(part);
      if (left > 0 || client.writableEnded) return;
      cuts += 1;
      client.end(); // what was written still arrives
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    setCutting: (next) => {
      chance = next;
      // What lives already has nothing to be cut after.
      if (next) for (const socket of open) socket.destroy();
    },
    close: () => closeAll(server, open),
  };
}

function closeAll(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
  });
}
