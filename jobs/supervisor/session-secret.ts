import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { newToken } from "@/lib/kernel/ids";

const BYTES = 32;

/** What signs the session cookies: made at the first start and kept, so that a restart signs nobody out. */
export async function readSessionSecret(home: string): Promise<string> {
  const file = join(home, "keys", "session-secret");
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, newToken(BYTES), { mode: 0o600, flag: "wx" }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause;
  });
  return readFile(file, "utf8");
}
