import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { vi } from "vitest";
import { stringify } from "yaml";
import { declareServer } from "@/demo/mariadb/declare-server";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { makeIdentity } from "@/demo/parts/make-identity";
import { type Ctx, createCtx } from "@/lib/db/context";
import { openDb } from "@/lib/db/client";
import { partEnvironment } from "@/lib/kernel/env";
import { createLogger } from "@/lib/kernel/log";
import { applyConfiguration } from "@/lib/settings";
import { type Runner, startRunner } from "../runner";

export const SYSTEM = "database";
const DATABASE_VARIABLE = "PROOFS_DATABASE_PASSWORD";
const FOLDER = "/var/tmp/hf-proofs";

export interface World {
  directory: string;
  source: MariadbServer;
  /** Of a person at the command line. */
  ctx: Ctx;
  /** For `holdfast` as a process of its own. */
  env: NodeJS.ProcessEnv;
  /** The directories of the repositories that lie in one. */
  repositories: readonly string[];
  identityFile: string;
  /** Ends the runner, and with it heartbeat and log: nothing is written any more. */
  stopRunner(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  databaseUrl: string;
  serverId: number;
  settings?: Record<string, string | number>;
  /** Run as root before anything is backed up. */
  statements: readonly string[];
  /** Declared beside the directory `primary`; variables go into the environment. */
  repositories?: Record<string, object>;
  variables?: Record<string, string>;
  /** What is asked of a recovered copy. */
  verify?: object;
}

/** One MariaDB source, directories as repositories, and the real runner in this process. */
export async function startWorld(options: WorldOptions): Promise<World> {
  await mkdir(FOLDER, { recursive: true });
  const directory = await mkdtemp(`${FOLDER}/`);
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return { ...(await buildWorld(directory, options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function buildWorld(
  directory: string,
  options: WorldOptions,
  stops: (() => Promise<unknown>)[],
): Promise<Omit<World, "stop">> {
  const { databaseUrl, serverId, settings = {} } = options;
  const source = await startMariadbServer({ directory: join(directory, "db"), serverId, binlog: true, settings });
  stops.push(() => source.kill());
  await source.run(...options.statements);
  const home = join(directory, "h");
  const variables = { [DATABASE_VARIABLE]: source.holdfast.password.reveal(), ...options.variables };
  // The runner of this process reads what stands behind ${NAME} from its environment, as any runner does.
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const db = openDb(databaseUrl, 3);
  stops.push(() => db.$disconnect());
  const ctx = createCtx({ db, log: createLogger("silent"), actor: { kind: "shell", user: "prover" } });
  const identity = await makeIdentity(join(directory, "identity.txt"));
  const primary = join(directory, "primary");
  await mkdir(primary);
  const text = describeWorld({ source, identity, primary, more: options.repositories ?? {}, verify: options.verify });
  await applyConfiguration(ctx, { text });
  const runner = await startRunner({ databaseUrl, home, logLevel: "silent", site: "primary", labels: [] });
  const stopRunner = once(runner);
  stops.push(stopRunner);
  const env = partEnvironment({ DATABASE_URL: databaseUrl, HOLDFAST_HOME: home, HOLDFAST_LOG_LEVEL: "warn" });
  return { directory, source, ctx, env, repositories: [primary], identityFile: identity.file, stopRunner };
}

function once(runner: Runner): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => (stopped ??= runner.stop());
}

interface WorldFacts {
  source: MariadbServer;
  identity: { file: string; recipient: string };
  primary: string;
  more: Record<string, object>;
  verify: object | undefined;
}

function describeWorld({ source, identity, primary, more, verify }: WorldFacts): string {
  const repositories = { primary: { kind: "directory", path: primary }, ...more };
  const to = Object.keys(repositories);
  return stringify({
    project: { name: "Proofs", contact: "ops-team@example.com" },
    objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
    keys: { recipients: [identity.recipient], identityFile: identity.file },
    repositories,
    systems: {
      [SYSTEM]: declareServer(source, {
        passwordVariable: DATABASE_VARIABLE,
        to,
        log: { to, interval: "1s" },
        heartbeat: "250ms",
        ...(verify ? { verify } : {}),
      }),
    },
  });
}
