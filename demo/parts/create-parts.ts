import type { MariadbServer } from "../mariadb/start-mariadb-server";
import type { ObjectStoreServer } from "../s3/object-store-server";
import { createDatabasePart } from "./database-part";
import type { PartName } from "./down";
import { type EstateFile, writeEstateFile } from "./estate-file";
import { type Layout, SITES, type Site } from "./layout";
import { createMailboxPart } from "./mailbox-part";
import type { Part } from "./part";
import { createLoadPart, createShopPart } from "./shop-part";
import { createDirectoryPart, createStorePart } from "./store-part";

/** What of an estate is wanted. */
export interface PartsOptions {
  /** Both unless told. Without `primary` there is no database and no shop. */
  sites?: readonly Site[];
  /** Whether the shop runs; true unless told. */
  shop?: boolean;
  /** Of the load generator; 20 unless told, 0 for none. */
  ordersPerSecond?: number;
  /** Whether alerts are sent, and arrive as mail; false unless told. */
  mailbox?: boolean;
  /** `memory` starts faster and is empty after a crash: for tests. Counts at the first start. */
  keepStoresIn?: "memory" | "disk";
}

/** The servers as their last start described them. */
export interface Servers {
  database: MariadbServer | null;
  primary: ObjectStoreServer | null;
  dr: ObjectStoreServer | null;
}

export const bucketOf = (site: Site) => `holdfast-${site}`;

function createStore(
  site: Site,
  options: PartsOptions,
  place: { layout: Layout; file: EstateFile; servers: Servers },
): Part {
  const { layout, file, servers } = place;
  const directory = layout.store[site];
  if (file.stores === "directory") return createDirectoryPart({ site, directory });
  const port = site === "primary" ? file.ports.storePrimary : file.ports.storeDr;
  const onStarted = (server: ObjectStoreServer) => void (servers[site] = server);
  return createStorePart({
    site,
    directory,
    port,
    bucket: bucketOf(site),
    keepIn: options.keepStoresIn ?? "disk",
    onStarted,
  });
}

function createDatabase(layout: Layout, file: EstateFile, servers: Servers): Part {
  return createDatabasePart({
    directory: layout.database,
    port: file.ports.database,
    shopPassword: file.passwords.shop,
    holdfastPassword: () => file.passwords.holdfast,
    onStarted: (server) => {
      servers.database = server;
      file.passwords.holdfast = server.holdfast.password.reveal();
      writeEstateFile(layout, file);
    },
  });
}

/** The parts of an estate, in the order of their start. Nothing runs yet. */
export function createParts(
  options: PartsOptions,
  layout: Layout,
  file: EstateFile,
): { parts: Map<PartName, Part>; servers: Servers } {
  const { sites = SITES, shop = true, ordersPerSecond = 20, mailbox = false } = options;
  const servers: Servers = { database: null, primary: null, dr: null };
  const parts = sites.map((site) => createStore(site, options, { layout, file, servers }));
  if (sites.includes("primary")) parts.push(createDatabase(layout, file, servers));
  if (sites.includes("primary") && shop) {
    parts.push(createShopPart(layout, file));
    if (ordersPerSecond > 0) parts.push(createLoadPart(layout, file, ordersPerSecond));
  }
  if (mailbox && file.ports.mail !== undefined) parts.push(createMailboxPart(layout, file.ports.mail));
  return { parts: new Map(parts.map((part) => [part.name, part])), servers };
}
