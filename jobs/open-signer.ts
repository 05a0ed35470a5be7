import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Signer } from "@/lib/engines/signer/port";
import { newSigningKey, publicKeyOf, signBytes } from "@/lib/kernel/crypto";

/** The installation's signing key; made at the first start. Runners that write to the same repositories share the file. */
export async function openSigner(home: string): Promise<Signer> {
  const file = join(home, "keys", "signing-key.pem");
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // `wx`: of two processes that start at once, one makes the key and both read it.
  await writeFile(file, newSigningKey().privatePem, { mode: 0o600, flag: "wx" }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EEXIST") throw cause;
    },
  );
  const privatePem = await readFile(file, "utf8");
  return { publicPem: publicKeyOf(privatePem), sign: (data) => signBytes(privatePem, data) };
}
