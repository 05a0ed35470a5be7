import { resolve } from "node:path";
import type { Connection } from "@/lib/engines/database/port";
import { Secret } from "@/lib/kernel/secret";
import type { LoadCounts } from "./load/generate-orders";
import { readCounts } from "./load/read-counts";
import type { MariadbServer } from "./mariadb/start-mariadb-server";
import type { ObjectStoreServer } from "./s3/object-store-server";
import { createParts, type PartsOptions, type Servers } from "./parts/create-parts";
import { seedPlatform } from "./platform/seed-platform";
import { clearDown, markDown, type PartName, readDown } from "./parts/down";
import { type EstateFile, type EstatePorts, openEstateFile } from "./parts/estate-file";
import { type Layout, layoutOf } from "./parts/layout";
import type { Part } from "./parts/part";
import { markProcess, readPidFile, removePidFile, writePidFile } from "./parts/process-mark";
import { watchParts } from "./parts/watch-parts";
import { writeConfiguration } from "./parts/write-configuration";

export interface EstateOptions extends PartsOptions {
  /** Short (60 characters). What an earlier start left there is used again: ports, passwords, data. */
  directory: string;
  /** Free ones are chosen at the first start, and kept. */
  ports?: Partial<EstatePorts>;
  /** `directory` only in the demo, where the packages of real stores cannot be had. Counts at the first start. */
  stores?: "s3" | "directory";
  /** What happens, for a person; holds no secret. */
  onEvent?: (text: string) => void;
}

export interface Estate {
  layout: Layout;
  ports: EstatePorts;
  stores: { kind: EstateFile["stores"]; primary: ObjectStoreServer | null; dr: ObjectStoreServer | null };
  /** The server that the estate made, as root; null on a server that a recovery brought back, whose root is another. */
  database: MariadbServer | null;
  /** Holdfast's account at the declared address. */
  holdfast: Connection;
  shopUrl: string;
  /** Where `POST /maintenance/on` and `/maintenance/off` are. */
  shopAdminUrl: string;
  /** `NAME` to value for the `${NAME}` of holdfast.yaml: for the environment of a runner, nothing else. */
  variables: Record<string, string>;
  /** Of the load generator; null where none ran yet. */
  counts(): LoadCounts | null;
  isAlive(part: PartName): boolean;
  /** Ends a part in order, and keeps it so until `startPart`. */
  stopPart(part: PartName): Promise<void>;
  startPart(part: PartName): Promise<void>;
  /** Ends everything and waits for it; the data stays. Twice is once. */
  stop(): Promise<void>;
}

/** Acknowledgements of before the disaster may still arrive this long after it. */
const LATE_ACKNOWLEDGEMENT_MS = 2_000;

/** Starts what is not down on purpose: servers side by side, then the shop, then its clients. */
async function startParts(parts: readonly Part[], layout: Layout, onEvent: (text: string) => void): Promise<void> {
  const start = async (part: Part) => {
    const down = readDown(layout, part.name);
    if (down?.reason === "broken")
      return onEvent(`the ${part.name} is broken since ${down.at.toISOString()}, and stays so until it is recovered`);
    clearDown(layout, part.name);
    const began = performance.now();
    await part.start();
    onEvent(`the ${part.name} runs (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
  };
  const isServer = (part: Part) => part.name !== "shop" && part.name !== "load";
  const results = await Promise.allSettled(parts.filter(isServer).map(start));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  for (const part of parts.filter((one) => !isServer(one))) await start(part);
}

/** A recovery by Holdfast is over when the shop takes orders again; from then on the watch looks after the server. */
function noticeRecovery(layout: Layout, database: Part | undefined, onEvent: (text: string) => void): void {
  const down = readDown(layout, "database");
  if (down?.reason !== "broken" || !database?.isAlive()) return;
  const lastOkAt = readCounts(layout.witness.counts)?.lastOkAt ?? 0;
  if (lastOkAt < down.at.getTime() + LATE_ACKNOWLEDGEMENT_MS) return;
  clearDown(layout, "database");
  onEvent("the database was recovered: the shop takes orders again");
}

function holdDirectory(layout: Layout): void {
  const holder = readPidFile(layout.holderFile);
  if (holder) {
    throw new Error(
      `an estate runs already in "${layout.directory}", held by process ${holder.pid}; stop it, or choose another directory`,
    );
  }
  const own = markProcess(process.pid);
  if (own) writePidFile(layout.holderFile, own);
}

/** Ends everything, the clients first. Every part is ended, whatever the others do; the first failure is thrown then. */
async function stopParts(parts: readonly Part[]): Promise<void> {
  const failures: unknown[] = [];
  const end = (part: Part) => part.stop().catch((error: unknown) => failures.push(error));
  for (const name of ["load", "shop"]) await Promise.all(parts.filter((part) => part.name === name).map(end));
  await Promise.all(parts.filter((part) => part.name !== "load" && part.name !== "shop").map(end));
  if (failures.length > 0) throw failures[0];
}

function describeEstate(running: Running, variables: Record<string, string>, stop: () => Promise<void>): Estate {
  const { layout, file, parts, servers } = running;
  const part = (name: PartName) => {
    const found = parts.get(name);
    if (!found) throw new Error(`this estate has no ${name}`);
    return found;
  };
  return {
    layout,
    ports: file.ports,
    get stores() {
      return { kind: file.stores, primary: servers.primary, dr: servers.dr };
    },
    get database() {
      return servers.database;
    },
    holdfast: {
      host: "127.0.0.1",
      port: file.ports.database,
      user: "holdfast",
      password: new Secret(file.passwords.holdfast ?? ""),
    },
    shopUrl: `http://127.0.0.1:${file.ports.shop}`,
    shopAdminUrl: `http://127.0.0.1:${file.ports.shopAdmin}`,
    variables,
    counts: () => readCounts(layout.witness.counts),
    isAlive: (name) => part(name).isAlive(),
    stopPart: async (name) => {
      markDown(layout, name, "stopped");
      await part(name).stop();
    },
    startPart: async (name) => {
      await part(name).start();
      clearDown(layout, name);
    },
    stop,
  };
}

interface Running {
  layout: Layout;
  file: EstateFile;
  parts: Map<PartName, Part>;
  servers: Servers;
}

/**
 * Starts the practice estate in a directory, or goes on with the one that is there: a primary MariaDB, an S3 store at
 * each site, the shop, its clients and their witness, and where told a mailbox for its alerts, all on 127.0.0.1. A part that ends by itself is started again; one
 * that was broken or stopped on purpose is not. What a crashed estate left running is ended first.
 * @throws Error when another process holds the directory, or a part does not come up; everything is ended then
 */
export async function startEstate(options: EstateOptions): Promise<Estate> {
  const onEvent = options.onEvent ?? (() => undefined);
  const layout = layoutOf(resolve(options.directory));
  const file = await openEstateFile(layout, { ports: options.ports, stores: options.stores ?? "s3" });
  holdDirectory(layout);
  const { parts, servers } = createParts(options, layout, file);
  const all = [...parts.values()];
  const end = async () => {
    await stopParts(all);
    removePidFile(layout.holderFile);
  };
  try {
    if (options.sites?.includes("primary") ?? true) await seedPlatform(layout.platform, file.passwords.shop);
    await startParts(all, layout, onEvent);
    const variables = await writeConfiguration(layout, { file, servers, hasMailbox: options.mailbox ?? false });
    const watch = watchParts({
      parts: all,
      isHeldDown: (part) => readDown(layout, part.name) !== null,
      beforeLook: () => noticeRecovery(layout, parts.get("database"), onEvent),
      onEvent,
    });
    let stopped: Promise<void> | undefined;
    const stop = async () => {
      await watch.stop();
      await end();
    };
    return describeEstate({ layout, file, parts, servers }, variables, () => (stopped ??= stop()));
  } catch (error) {
    await end();
    throw error;
  }
}
