import { createHash } from "node:crypto";

/** Above what people give to their servers by hand, below the largest id. */
const FIRST = 2 ** 30;
const COUNT = 2 ** 31;

/**
 * The replica id under which a system's log is followed: the same at every start, so that a connection that hangs is
 * thrown out by its successor, and none that a server or replica has, whose replication it would break.
 */
export function deriveReplicaId(identity: string, taken: readonly number[]): number {
  for (let attempt = 0; ; attempt += 1) {
    const digest = createHash("sha256").update(`${identity}\n${attempt}`).digest();
    const id = FIRST + (digest.readUInt32LE(0) % COUNT);
    if (!taken.includes(id)) return id;
  }
}
