import "server-only";
import { openDb, type Db } from "@/lib/db/client";
import { openRunChanges, type RunChanges } from "@/lib/db/run-changes";
import { readEnvironment, type Environment } from "@/lib/kernel/env";
import { PreconditionError } from "@/lib/kernel/errors";
import { createLogger, type Logger } from "@/lib/kernel/log";

export interface Runtime {
  environment: Environment;
  sessionSecret: string;
  db: Db;
  log: Logger;
  runChanges: RunChanges;
}

/* One pool for the process. Next loads a module once a bundle, so the module's own scope is not the process. */
const holder = globalThis as typeof globalThis & { holdfastRuntime?: Runtime };

function openRuntime(): Runtime {
  const environment = readEnvironment();
  const { databaseUrl, sessionSecret } = environment;
  if (!databaseUrl || !sessionSecret) {
    throw new PreconditionError("the web server has no DATABASE_URL or no NEXTAUTH_SECRET", {
      hint: "Start it with `holdfast up` or `holdfast web`, which set both.",
    });
  }
  const log = createLogger(environment.logLevel).child({ process: "web" });
  return {
    environment,
    sessionSecret,
    log,
    db: openDb(databaseUrl),
    runChanges: openRunChanges(databaseUrl, log),
  };
}

/** The web server's database, log and environment. Opened at the first request, not at build time. */
export function runtime(): Runtime {
  return (holder.holdfastRuntime ??= openRuntime());
}
