import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Layout } from "./layout";

/** What can be taken down on purpose. */
export type PartName = "database" | "store-primary" | "store-dr" | "shop" | "load" | "mailbox";

const Down = z.object({ reason: z.enum(["broken", "stopped"]), at: z.iso.datetime() });
/** `broken`: by a person's `break`, with its data; `stopped`: in order, to be started again. */
export interface Down {
  reason: "broken" | "stopped";
  at: Date;
}

const fileOf = (layout: Layout, part: PartName) => join(layout.downDirectory, `${part}.json`);

/** Says that a part is down on purpose: the watch leaves it so. Written before the part ends, outside of every site. */
export function markDown(layout: Layout, part: PartName, reason: Down["reason"]): Down {
  mkdirSync(layout.downDirectory, { recursive: true });
  const at = new Date();
  const file = fileOf(layout, part);
  writeFileSync(`${file}.new`, JSON.stringify({ reason, at: at.toISOString() }));
  renameSync(`${file}.new`, file);
  return { reason, at };
}

/** Why a part is down on purpose; null when it should run. */
export function readDown(layout: Layout, part: PartName): Down | null {
  let text: string;
  try {
    text = readFileSync(fileOf(layout, part), "utf8");
  } catch {
    return null; // no mark: it should run
  }
  const down = Down.parse(JSON.parse(text));
  return { reason: down.reason, at: new Date(down.at) };
}

export function clearDown(layout: Layout, part: PartName): void {
  rmSync(fileOf(layout, part), { force: true });
}
