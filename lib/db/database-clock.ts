import { monotonicMs } from "@/lib/kernel/time";
import type { Db } from "./client";

/** A process's clock that goes by the console's database: runners on machines whose clocks differ agree on the time. */
export interface DatabaseClock {
  /** Between two looks it is counted on by a clock that nobody can set. */
  now(): Date;
  /** Asks the database again. A clock that cannot be asked goes on as it was. @throws the database's error */
  look(): Promise<void>;
}

/**
 * Slots, signs of life and takeovers are compared between runners. By its machine's own clock one that is an hour ahead
 * would take over runs that live and call slots missed that are still to come; one that is behind would be taken for dead.
 * @throws the database's error when it cannot be asked the first time
 */
export async function openDatabaseClock(db: Pick<Db, "$queryRaw">): Promise<DatabaseClock> {
  let known = await askDatabase(db);
  const nowMs = () => known.atMs + monotonicMs() - known.askedMs;
  return {
    now: () => new Date(nowMs()),
    look: async () => {
      const asked = await askDatabase(db);
      // Within what the question took nothing is known better: the clock would only tremble.
      const differenceMs = Math.abs(asked.atMs - (known.atMs + asked.askedMs - known.askedMs));
      if (differenceMs > asked.uncertainMs) known = asked;
    },
  };
}

interface Asked {
  /** The database's time, at `askedMs` of the monotonic clock. */
  atMs: number;
  askedMs: number;
  uncertainMs: number;
}

async function askDatabase(db: Pick<Db, "$queryRaw">): Promise<Asked> {
  const before = monotonicMs();
  const [row] = await db.$queryRaw<[{ at: Date }]>`SELECT clock_timestamp() AS at`;
  const half = (monotonicMs() - before) / 2;
  return { atMs: row.at.getTime(), askedMs: before + half, uncertainMs: half + 1 };
}
