import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  createBucket,
  findObjectStoreServer,
  type ObjectStoreServer,
  startObjectStoreServer,
} from "../s3/object-store-server";
import { killStoreProcesses } from "../s3/kill-store-processes";
import type { Site } from "./layout";
import type { Part } from "./part";
import { readPidFile } from "./process-mark";

export interface StorePartOptions {
  site: Site;
  directory: string;
  port: number;
  bucket: string;
  /** `memory` is for tests: faster, and empty after a crash. */
  keepIn: "memory" | "disk";
  onStarted(server: ObjectStoreServer): void;
}

/** A site's own S3 store, with a versioned bucket. */
export function createStorePart(options: StorePartOptions): Part {
  const { directory } = options;
  return {
    name: `store-${options.site}`,
    isAlive: () => ["mon", "osd", "rgw"].every((name) => readPidFile(join(directory, "run", `${name}.pid`)) !== null),
    start: async () => {
      const server = await startObjectStoreServer({ directory, port: options.port, keepIn: options.keepIn });
      await createBucket(server, options.bucket);
      options.onStarted(server);
    },
    stop: async () => (await findObjectStoreServer(directory))?.stop(),
    kill: () => killStoreProcesses(directory),
  };
}

/** A directory in the place of a store, where the packages of real stores cannot be had: only in the demo, which says so.
 *  Moved aside while it is down, so that nothing can be written into it. */
export function createDirectoryPart(options: Pick<StorePartOptions, "site" | "directory">): Part {
  const aside = `${options.directory}.down`;
  const moveAside = async () => {
    if (!existsSync(options.directory)) return;
    rmSync(aside, { recursive: true, force: true });
    renameSync(options.directory, aside);
  };
  return {
    name: `store-${options.site}`,
    isAlive: () => existsSync(options.directory),
    start: async () => {
      if (existsSync(aside) && !existsSync(options.directory)) renameSync(aside, options.directory);
      mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    },
    stop: moveAside,
    kill: moveAside,
  };
}
