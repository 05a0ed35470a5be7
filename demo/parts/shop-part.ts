import { mkdirSync, rmSync } from "node:fs";
import { readCounts } from "../load/read-counts";
import type { ShopSettings } from "../shop/settings";
import { type EstateFile, writePrivateFile } from "./estate-file";
import type { Layout } from "./layout";
import type { Part } from "./part";
import { createProgram } from "./program-part";

/** Whether anything answers over HTTP at all: a shop whose database is down runs nonetheless. */
async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false; // not yet: the caller asks again until its own time limit
  }
}

/** The shop's process. Its settings, with the password, lie in a file of its own. */
export function createShopPart(layout: Layout, estate: EstateFile): Part {
  const { shop } = layout;
  const settings: ShopSettings = {
    port: estate.ports.shop,
    adminPort: estate.ports.shopAdmin,
    maintenanceFile: shop.maintenance,
    work: { logs: layout.platform.logs, uploads: layout.platform.uploads },
    database: { host: "127.0.0.1", port: estate.ports.database, user: "shop", password: estate.passwords.shop },
  };
  const program = createProgram({
    name: "shop",
    script: "demo/shop/main.ts",
    args: [shop.settings],
    pidFile: shop.pidFile,
    logFile: shop.logFile,
    isReady: () => answers(`http://127.0.0.1:${settings.adminPort}/maintenance`),
  });
  return {
    ...program,
    name: "shop",
    start: async () => {
      mkdirSync(shop.directory, { recursive: true, mode: 0o700 });
      writePrivateFile(shop.settings, JSON.stringify(settings));
      await program.start();
    },
  };
}

/** The clients of the shop and the witness of what it acknowledged to them. They stand outside of every site. */
export function createLoadPart(layout: Layout, estate: EstateFile, ordersPerSecond: number): Part {
  const { witness } = layout;
  const program = createProgram({
    name: "load",
    script: "demo/load/main.ts",
    args: [`http://127.0.0.1:${estate.ports.shop}`, String(ordersPerSecond), witness.journal, witness.counts],
    pidFile: witness.pidFile,
    logFile: witness.logFile,
    isReady: () => readCounts(witness.counts) !== null,
  });
  return {
    ...program,
    name: "load",
    start: async () => {
      mkdirSync(witness.directory, { recursive: true, mode: 0o700 });
      rmSync(witness.counts, { force: true });
      await program.start();
    },
  };
}
