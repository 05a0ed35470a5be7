import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { runProgram } from "@/lib/engines/shared/process";
import type { Layout } from "./layout";

/** The public half, as age-keygen writes it into the identity's file. */
function recipientIn(file: string): string {
  const match = /^# public key: (age1[a-z0-9]+)$/m.exec(readFileSync(file, "utf8"));
  if (!match?.[1]) throw new Error(`"${file}" is no identity of age`);
  return match[1];
}

async function keepIdentity(file: string): Promise<string> {
  if (!existsSync(file)) {
    await runProgram({
      engine: "estate",
      operation: "make an identity",
      program: "age-keygen",
      args: ["--output", file],
      signal: AbortSignal.timeout(10_000),
      hint: "Is Debian's package age installed?",
    });
  }
  return recipientIn(file);
}

/** The recipients of every backup: the runner's identity, and the one that would lie in escrow. Made once, as 0600 files. */
export async function keepKeys(layout: Layout): Promise<string[]> {
  mkdirSync(layout.keys.directory, { recursive: true, mode: 0o700 });
  return [await keepIdentity(layout.keys.runner), await keepIdentity(layout.keys.escrow)];
}
