import { createHash } from "node:crypto";
import type { JobCtx } from "@/lib/db/context";
import type { FilesSource } from "@/lib/engines/files/port";

const PURPOSE = "holdfast secrets fingerprint 1";

/**
 * HMAC-SHA256(key, for each file in the order of its name: name NUL hex(SHA-256(content)) NUL), key = SHA-256(Ed25519
 * signature of "holdfast secrets fingerprint 1"). Tells later whether the secrets are still the same. Its key is the digest of a signature that only this
 * installation's private key can make (Ed25519 gives the same one each time): whoever reads the manifest can try no
 * guesses against it, and every runner that shares the key gets the same fingerprint.
 */
export function fingerprintSecrets(ctx: JobCtx, source: FilesSource): Promise<string> {
  const key = createHash("sha256")
    .update(ctx.engines.signer.sign(Buffer.from(PURPOSE)))
    .digest();
  return ctx.engines.files.fingerprint(source, key, ctx.signal);
}
