import { createHash, createHmac } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FilesSource } from "../port";
import { fullPath, walkFiles } from "./log/walk-files";
import { assertSource } from "./select";

/** Each file's name with the SHA-256 of its content, in the order of their names, under the key. */
export async function fingerprintFiles(source: FilesSource, key: Uint8Array, signal: AbortSignal): Promise<string> {
  await assertSource(source);
  const names: string[] = [];
  for await (const { path } of walkFiles(source, signal)) names.push(path);
  const hmac = createHmac("sha256", key);
  for (const name of names.sort()) {
    const hash = createHash("sha256");
    const bytes = createReadStream(fullPath(source.root, name), { signal });
    for await (const chunk of bytes) hash.update(chunk as Buffer);
    hmac.update(`${name}\0${hash.digest("hex")}\0`, "latin1");
  }
  return hmac.digest("hex");
}
