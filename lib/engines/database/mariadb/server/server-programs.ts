import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { childEnvironment } from "@/lib/kernel/env";
import { EngineError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";

/** Debian keeps servers where the PATH of an ordinary user does not look. */
const SERVER_DIRECTORIES = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/libexec"];

/** Path of a program of the server package. @throws EngineError where it is not installed. */
export async function findServerProgram(name: string): Promise<string> {
  const path = childEnvironment().PATH ?? "";
  for (const directory of [...path.split(delimiter), ...SERVER_DIRECTORIES].filter(Boolean)) {
    const candidate = join(directory, name);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new EngineError(`"${name}" is not installed here`, {
    engine: ENGINE,
    operation: "start a server",
    permanent: true,
    hint: "Install MariaDB's server programs on this machine (Debian: mariadb-server-core and util-linux).",
  });
}

/** MariaDB refuses to run as root unless it is told so by name. */
export function userArguments(): string[] {
  return [`--user=${userInfo().username}`];
}
