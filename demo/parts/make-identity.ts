import { writeFile } from "node:fs/promises";
import { runProgram } from "@/lib/engines/shared/process";

export interface Identity {
  /** Of the private key; only its owner reads it. */
  file: string;
  /** The public half. */
  recipient: string;
  /** The private one, for tests that look for it where it must not be. */
  secretKey: string;
}

/** Makes a key pair of age and writes it where it is told, over whatever is there. */
export async function makeIdentity(file: string): Promise<Identity> {
  const text = await runProgram({
    engine: "estate",
    operation: "make an identity",
    program: "age-keygen",
    args: [],
    signal: AbortSignal.timeout(10_000),
    hint: "Is Debian's package age installed?",
  });
  await writeFile(file, text, { mode: 0o600 });
  return { file, recipient: recipientIn(text), secretKey: /^AGE-SECRET-KEY-\S+$/m.exec(text)?.[0] ?? "" };
}

/** The public half, as age-keygen writes it beside the private one. */
export function recipientIn(text: string): string {
  const match = /^# public key: (age1[a-z0-9]+)$/m.exec(text);
  if (!match?.[1]) throw new Error("this is no identity of age");
  return match[1];
}
