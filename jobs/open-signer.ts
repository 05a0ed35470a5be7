import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Signer } from "@/lib/engines/signer/port";
import { newSigningKey, publicKeyOf, signBytes } from "@/lib/kernel/crypto";
import { newToken } from "@/lib/kernel/ids";

/** The installation's signing key; made at the first start. Runners that write to the same repositories share the file. */
export async function openSigner(home: string): Promise<Signer> {
  const file = join(home, "keys", "signing-key.pem");
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await readFile(file).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    await placeKey(file);
  });
  const privatePem = await readFile(file, "utf8");
  return { publicPem: publicKeyOf(privatePem), sign: (data) => signBytes(privatePem, data) };
}

/* A link appears whole or not at all: of processes that start at once one makes the key, and all read it. */
async function placeKey(file: string): Promise<void> {
  const made = `${file}.${newToken(6)}`;
  await writeFile(made, newSigningKey().privatePem, { mode: 0o600, flag: "wx", flush: true });
  try {
    await link(made, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  } finally {
    await unlink(made);
  }
}
