import { userInfo } from "node:os";
import { join } from "node:path";

/** Where something runs. Everything of a site lies below its directory: whoever removes it has lost the site. */
export const SITES = ["primary", "dr"] as const;
export type Site = (typeof SITES)[number];

/** Sockets lie below it, and a socket's path ends at 107 bytes. */
const DIRECTORY_LENGTH_MAX = 60;

export function defaultDirectory(): string {
  return join("/var/tmp", `holdfast-${userInfo().uid}`, "demo");
}

/** What the shop consists of beside its database. */
export interface PlatformPlaces {
  /** Its code, a git repository; configuration and static assets lie in it, and the secrets, which no commit holds. */
  application: string;
  /** What its customers and its people left. */
  uploads: string;
  /** What it did, a line an order. */
  logs: string;
}

/** Every place of an estate. */
export interface Layout {
  directory: string;
  /** Ports, names and secrets, kept from the first start on; 0600. */
  estateFile: string;
  /** The process that holds the estate. */
  holderFile: string;
  /** What is down on purpose. */
  downDirectory: string;
  database: string;
  store: Record<Site, string>;
  shop: { directory: string; settings: string; pidFile: string; logFile: string; maintenance: string };
  platform: PlatformPlaces;
  witness: { directory: string; journal: string; counts: string; pidFile: string; logFile: string };
  /** The mails that arrived, and beside them the server's own files. */
  mailbox: { directory: string; pidFile: string; logFile: string };
  keys: { directory: string; runner: string; escrow: string };
  /** Of the console: HOLDFAST_HOME. */
  home: string;
  configuration: string;
  /** `NAME=value` lines behind the `${NAME}` of the configuration; 0600. */
  environmentFile: string;
}

/** @throws Error when the directory's path is too long for sockets below it */
export function layoutOf(directory: string): Layout {
  if (directory.length > DIRECTORY_LENGTH_MAX) {
    throw new Error(
      `the estate's directory "${directory}" is longer than ${DIRECTORY_LENGTH_MAX} characters: sockets lie below it; choose a shorter one`,
    );
  }
  const at = (...names: string[]) => join(directory, ...names);
  return {
    directory,
    estateFile: at("estate.json"),
    holderFile: at("estate.pid"),
    downDirectory: at("down"),
    database: at("primary", "db"),
    store: { primary: at("primary", "s3"), dr: at("dr", "s3") },
    shop: {
      directory: at("primary", "shop"),
      settings: at("primary", "shop", "settings.json"),
      pidFile: at("primary", "shop", "shop.pid"),
      logFile: at("primary", "shop", "shop.log"),
      maintenance: at("primary", "shop", "maintenance"),
    },
    platform: {
      application: at("primary", "platform", "application"),
      uploads: at("primary", "platform", "uploads"),
      logs: at("primary", "platform", "logs"),
    },
    witness: {
      directory: at("witness"),
      journal: at("witness", "journal.ndjson"),
      counts: at("witness", "counts.json"),
      pidFile: at("witness", "load.pid"),
      logFile: at("witness", "load.log"),
    },
    mailbox: { directory: at("mail"), pidFile: at("mail", ".mailbox.pid"), logFile: at("mail", ".mailbox.log") },
    keys: { directory: at("keys"), runner: at("keys", "runner.txt"), escrow: at("keys", "escrow.txt") },
    home: at("home"),
    configuration: at("holdfast.yaml"),
    environmentFile: at("holdfast.env"),
  };
}
