import { existsSync, mkdirSync, readFileSync } from "node:fs";
import type { Layout } from "./layout";
import { makeIdentity, recipientIn } from "./make-identity";

async function keepIdentity(file: string): Promise<string> {
  if (existsSync(file)) return recipientIn(readFileSync(file, "utf8"));
  return (await makeIdentity(file)).recipient;
}

/** The recipients of every backup: the runner's identity, and the one that would lie in escrow. Made once, as 0600 files. */
export async function keepKeys(layout: Layout): Promise<string[]> {
  mkdirSync(layout.keys.directory, { recursive: true, mode: 0o700 });
  return [await keepIdentity(layout.keys.runner), await keepIdentity(layout.keys.escrow)];
}
