import { type Server, type Socket, connect, createServer } from "node:net";

/**
 * Runs `work` while no other process of this machine holds the lock `name`. The lock is an abstract socket (Linux):
 * the kernel takes it away from a process that dies, so it is never stale.
 */
export async function withMachineLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const path = `\0holdfast:${name}`;
  let giveBack = await tryLock(path);
  while (!giveBack) {
    await holderGone(path);
    giveBack = await tryLock(path);
  }
  try {
    return await work();
  } finally {
    await giveBack();
  }
}

/** Takes the lock and returns the way to give it back, or null when another one holds it. */
async function tryLock(path: string): Promise<(() => Promise<void>) | null> {
  const waiters = new Set<Socket>();
  const server = createServer((socket) => {
    waiters.add(socket);
    socket.once("error", () => socket.destroy()); // a waiter that was ended
    socket.once("close", () => waiters.delete(socket));
  });
  if (!(await isListening(server, path))) return null;
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const waiter of waiters) waiter.destroy();
    });
}

function isListening(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(path, () => resolve(true));
  });
}

/** Resolves when the process that holds the lock gives it back or dies. */
function holderGone(path: string): Promise<void> {
  const socket = connect(path).resume();
  return new Promise((resolve) => {
    socket.once("error", () => resolve()); // it went in between
    socket.once("close", () => resolve());
  });
}
