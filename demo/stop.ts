import { join } from "node:path";
import { createParts } from "./parts/create-parts";
import { readEstateFile } from "./parts/estate-file";
import type { Layout } from "./parts/layout";
import { endProcess, readPidFile, removePidFile } from "./parts/process-mark";

/** The holder ends everything in order: a clean shutdown of each server takes its time. */
const GRACE_MS = 120_000;

/** Stops the estate in a directory, from any process: its holder, or what a crashed one left. Returns what it met. */
export async function stopEstate(layout: Layout): Promise<"stopped" | "not running"> {
  const holder = readPidFile(layout.holderFile);
  if (holder) {
    await endProcess(holder, GRACE_MS);
    return "stopped";
  }
  const file = readEstateFile(layout);
  if (!file) return "not running";
  const left = readPidFile(join(layout.home, "console.pid"));
  if (left) await endProcess(left, GRACE_MS);
  const parts = [...createParts({ mailbox: true }, layout, file).parts.values()];
  const wasAlive = file.stores === "s3" && parts.some((part) => part.isAlive());
  for (const part of parts.toReversed()) await part.stop();
  removePidFile(layout.holderFile);
  return wasAlive || left ? "stopped" : "not running";
}
