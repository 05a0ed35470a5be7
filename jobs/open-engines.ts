import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLocalApplications } from "@/lib/engines/application/local/engine";
import { openGitCode } from "@/lib/engines/code/git/engine";
import { createMariadbEngine } from "@/lib/engines/database/mariadb/engine";
import type { Connection, DatabaseEngine } from "@/lib/engines/database/port";
import { createAgeEnvelope } from "@/lib/engines/envelope/age/engine";
import { openTarFiles } from "@/lib/engines/files/tar/engine";
import { openDirectoryStore } from "@/lib/engines/object-store/directory/engine";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { openS3Store } from "@/lib/engines/object-store/s3/engine";
import type { DeclaredConnection, Engines } from "@/lib/engines/ports";
import { createHttpProbe } from "@/lib/engines/probe/http";
import type { Db } from "@/lib/db/client";
import { readVariable } from "@/lib/kernel/env";
import { NotFoundError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import { loadConfiguration, resolveVariables } from "@/lib/settings";
import type { Configuration, RepositoryDeclaration } from "@/lib/settings/schemas";
import { makePractice } from "./make-practice";
import { openMailer, openWebhook } from "./open-channel";
import { openSigner } from "./open-signer";

const resolve = (text: string): string => resolveVariables(text, readVariable);
const secret = (text: string): Secret => new Secret(resolve(text));

/** Opens the store behind a declaration, with the secrets of this process's environment. */
export function openStore(declaration: RepositoryDeclaration): ObjectStore {
  if (declaration.kind === "directory") return openDirectoryStore({ path: resolve(declaration.path) });
  return openS3Store({
    bucket: resolve(declaration.bucket),
    prefix: resolve(declaration.prefix),
    region: resolve(declaration.region),
    ...(declaration.endpoint ? { endpoint: resolve(declaration.endpoint) } : {}),
    accessKeyId: secret(declaration.accessKeyId),
    secretAccessKey: secret(declaration.secretAccessKey),
    ...(declaration.lock ? { lock: declaration.lock } : {}),
  });
}

/** A declared connection with its secret read from the environment. */
export function resolveConnection(declared: DeclaredConnection): Connection {
  const { socket, password, ...rest } = declared;
  return { ...rest, ...(socket ? { socket: resolve(socket) } : {}), password: secret(password) };
}

/** The database engine bound to a declared connection. */
export function openDatabase(declared: DeclaredConnection): DatabaseEngine {
  return createMariadbEngine(resolveConnection(declared));
}

/** Every door to the outside for a runner. Engines are opened when first asked for, by the configuration of that moment. */
export async function openEngines(db: Db, home: string): Promise<Engines> {
  const directories = { spool: join(home, "spool"), scratch: join(home, "s") };
  for (const directory of Object.values(directories)) await mkdir(directory, { recursive: true, mode: 0o700 });
  const declared = async (): Promise<Configuration> => (await loadConfiguration({ db })).configuration;
  return {
    store: async (name) => {
      const declaration = (await declared()).repositories[name];
      if (!declaration) throw new NotFoundError("repository", name);
      return openStore(declaration);
    },
    database: async (name) => {
      const declaration = (await declared()).systems[name];
      if (declaration?.kind !== "mariadb") throw new NotFoundError("system", name);
      return openDatabase(declaration.connection);
    },
    files: openTarFiles({ directory: directories.spool }),
    code: openGitCode({ directory: directories.spool }),
    connection: resolveConnection,
    mailer: async (name) => openMailer(name, (await declared()).channels[name]),
    webhook: async (name) => openWebhook(name, (await declared()).channels[name]),
    envelope: createAgeEnvelope(),
    probe: createHttpProbe(),
    applications: createLocalApplications(),
    makePractice,
    signer: await openSigner(home),
    directories,
    restoreScript: await readFile(new URL("../public/restore.sh", import.meta.url), "utf8"),
  };
}
