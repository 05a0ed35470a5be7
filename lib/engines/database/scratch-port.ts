import type { Connection, ServerSettings } from "./port";

/* The throw-away servers of the database port, in which a backup comes back. Its door is port.ts. */

export interface ScratchServer {
  directory: string;
  socket: string;
  port: number;
  connection: Connection;
  /** Lets MariaDB's own client in, as `mariadb --defaults-file=…`: the password stands in it and nowhere else. */
  optionFile: string;
  /** Starts it again after `leaveBehind`, as `mariadbd --defaults-file=…`; it is there from then on. */
  serverFile: string;
  pid: number;
  /** Ends the server and waits for it. Twice is once. */
  stop(): Promise<void>;
  /** Ends the server cleanly and leaves its directory to the person: nothing of Holdfast removes it from then on. */
  leaveBehind(): Promise<void>;
  /** From here on data may be kept in it (doublewrite, flush at commit): one that was loaded without is restarted cleanly. */
  makeSafe(signal: AbortSignal): Promise<void>;
  /** Resolves when the running process ends, by itself or not, with the errors of its log. A restart starts another. */
  exited(): Promise<{ exitCode: number | null; message: string }>;
  /**
   * Makes the recovered server the primary: restarts it at the address, with its log on (ROW, GTID, safe settings),
   * owned by nobody, so that it outlives the runner. New transactions follow `gtid`. The runner's own account is made
   * with the least privileges. Refuses when something answers at the address already.
   */
  takeAddress(options: {
    connection: Connection;
    serverId: string;
    gtid: string;
    signal: AbortSignal;
  }): Promise<{ pid: number }>;
}

export interface ScratchOptions {
  /** Short, empty or absent; the data directory, socket and log go below it. */
  directory: string;
  /** 0 takes a free one. */
  port: number;
  settings: ServerSettings;
  /** With a log of its own (ROW, full images) from the first transaction on; without, it writes none. */
  log?: { serverId: string };
  signal: AbortSignal;
}
