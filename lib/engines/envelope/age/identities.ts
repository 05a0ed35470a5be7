import { writeFile } from "node:fs/promises";
import { runProgram } from "@/lib/engines/shared/process";
import { EngineError } from "@/lib/kernel/errors";

const PUBLIC = /^(?:# public key: )?(age1[a-z0-9]+)$/gm;

const options = (operation: string, args: string[], signal: AbortSignal) => ({
  engine: "envelope",
  operation,
  program: "age-keygen",
  args,
  signal,
  hint: "Is the file an identity of age, and may the runner's user read it?",
});

/** The public halves of an identity file's keys. @throws EngineError */
export async function recipientsOf(identityFile: string, signal: AbortSignal): Promise<string[]> {
  const text = await runProgram(options("tell the public keys of an identity", ["-y", identityFile], signal));
  return [...text.matchAll(PUBLIC)].flatMap(([, recipient]) => recipient ?? []);
}

/** Makes a key pair and writes the private half where it is told. Returns the public one. @throws EngineError */
export async function makeIdentity(file: string, signal: AbortSignal): Promise<string> {
  const text = await runProgram(options("make an identity", [], signal));
  const [recipient] = [...text.matchAll(PUBLIC)].map(([, each]) => each);
  if (!recipient) {
    throw new EngineError("age-keygen printed no public key", {
      engine: "envelope",
      operation: "make an identity",
      permanent: true,
      hint: "Which version of age is installed?",
    });
  }
  await writeFile(file, text, { mode: 0o600 });
  return recipient;
}
