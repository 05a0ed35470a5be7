import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { makeIdentity } from "@/demo/parts/make-identity";
import { type Fault, type FaultyGateway, startFaultyGateway } from "@/demo/s3/faulty-gateway";
import { type ObjectStoreServer, createBucket, startObjectStoreServer } from "@/demo/s3/object-store-server";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { openS3Store } from "@/lib/engines/object-store/s3/engine";
import { childEnvironment } from "@/lib/kernel/env";
import { newToken } from "@/lib/kernel/ids";
import { type CommandEnd, runCommand } from "./command";
import { BUCKET, DATABASE_VARIABLE, PREFIX, keyVariables, printConfiguration } from "./configuration";
import { type RunnerProcess, startRunnerProcess } from "./runner-process";
import { type Writer, fillSource, startWriter } from "./source-data";

export const REPOSITORIES = ["primary", "secondary"] as const;
export type RepositoryName = (typeof REPOSITORIES)[number];

/** A store, and the gateway before it through which Holdfast reaches it. */
export interface Repository {
  server: ObjectStoreServer;
  gateway: FaultyGateway;
  /** What becomes of the requests from now on; without one all of them pass. */
  setFault(faultOf?: (request: string) => Fault): void;
  /** Past the gateway. */
  store: ObjectStore;
}

/** One database, two stores that share nothing, and Holdfast as processes of its own. */
export interface FaultWorld {
  directory: string;
  /** HOLDFAST_HOME of every process. */
  home: string;
  /** The private key that restores use. */
  identityFile: string;
  source: MariadbServer;
  repositories: Record<RepositoryName, Repository>;
  /** Stands in every row of the source: nobody may see it in a log, an error or an event. */
  marker: string;
  /** Of the account `reader`, which comes back with a restore. */
  readerPassword: string;
  /** Passwords and keys, which nobody may see anywhere. */
  secrets: string[];
  /** `holdfast ARGS --json`. */
  command(...args: string[]): Promise<CommandEnd>;
  startRunner(): Promise<RunnerProcess>;
  /** Orders at about 20 a second. */
  startWriter(): Writer;
  /** Everything that the runners wrote to stderr. */
  runnerLogs(): string;
  stop(): Promise<void>;
}

export interface FaultWorldOptions {
  databaseUrl: string;
  /** Bytes of rows in the source. */
  dataBytes: number;
  /** How often the log is shipped; each second unless told. */
  interval?: string;
  /** `disk` survives kill -9. */
  keepStoresIn?: "memory" | "disk";
  /** A third repository for fulls: this directory. */
  directoryRepository?: string;
  /** The port by which Holdfast reaches the source, where it is not the source's own. */
  reachSource?(source: MariadbServer): Promise<{ port: number }>;
}

const STORE_BYTES = 2 ** 30;
const FOLDER = "/var/tmp/hf-faults/w";

/** Ends parts in the reverse order of their start. */
class Stops {
  readonly #stops: (() => Promise<unknown>)[] = [];

  add(stop: () => Promise<unknown>): void {
    this.#stops.push(stop);
  }

  /** Whatever the others do; the first failure is thrown at the end. */
  async all(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.#stops.splice(0).reverse()) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

/** Starts the world and applies its configuration; no runner works yet. What was started is ended when a part does not come up. */
export async function startFaultWorld(options: FaultWorldOptions): Promise<FaultWorld> {
  await mkdir(FOLDER, { recursive: true });
  const directory = await mkdtemp(`${FOLDER}/`);
  const stops = new Stops();
  stops.add(() => rm(directory, { recursive: true, force: true }));
  try {
    return await buildWorld(directory, options, stops);
  } catch (error) {
    await stops.all();
    throw error;
  }
}

async function buildWorld(directory: string, options: FaultWorldOptions, stops: Stops): Promise<FaultWorld> {
  const { source, ...repositories } = await startServers(directory, options, stops);
  const [marker, readerPassword] = [`row-${newToken(12)}`, newToken(12)];
  await fillSource(source, { dataBytes: options.dataBytes, marker, readerPassword });
  const identity = await makeIdentity(join(directory, "identity.txt"));
  const home = join(directory, "h");
  const variables = variablesOf(source, repositories);
  const env = childEnvironment({
    DATABASE_URL: options.databaseUrl,
    HOLDFAST_HOME: home,
    HOLDFAST_LOG_LEVEL: "debug",
    ...variables,
  });
  const command = (...args: string[]) => runCommand(env, args);
  const file = join(directory, "holdfast.yaml");
  const stores = REPOSITORIES.map((name) => ({
    name,
    endpoint: repositories[name].gateway.endpoint,
    region: repositories[name].server.region,
  }));
  const { interval = "1s", directoryRepository } = options;
  await writeFile(
    file,
    printConfiguration({
      source: { holdfast: source.holdfast, port: await reachOf(source, options) },
      stores,
      directory: directoryRepository,
      identityFile: identity.file,
      recipient: identity.recipient,
      interval,
    }),
  );
  const applied = await command("apply", "-f", file);
  if (applied.exitCode !== 0) throw new Error(`the configuration was refused: ${applied.stderr}`);
  return {
    ...{ directory, home, source, repositories, marker, readerPassword, command },
    identityFile: identity.file,
    secrets: [...Object.values(variables), readerPassword, identity.secretKey, passwordIn(options.databaseUrl)],
    ...runnersOf(directory, env, stops),
    startWriter: () => {
      const writer = startWriter(source, marker);
      stops.add(() => writer.stop());
      return writer;
    },
    stop: () => stops.all(),
  };
}

async function reachOf(source: MariadbServer, { reachSource }: FaultWorldOptions): Promise<number> {
  return reachSource ? (await reachSource(source)).port : source.port;
}

async function startServers(directory: string, options: FaultWorldOptions, stops: Stops) {
  const startSource = async () => {
    const source = await startMariadbServer({ directory: join(directory, "db"), serverId: 7, binlog: true });
    stops.add(() => source.stop());
    return source;
  };
  const keepIn = options.keepStoresIn ?? "memory";
  const startRepository = (name: RepositoryName) => openRepository(join(directory, name), keepIn, stops);
  const started = await Promise.allSettled([startSource(), startRepository("primary"), startRepository("secondary")]);
  const [source, primary, secondary] = started;
  if (source.status === "rejected") throw source.reason;
  if (primary.status === "rejected") throw primary.reason;
  if (secondary.status === "rejected") throw secondary.reason;
  return { source: source.value, primary: primary.value, secondary: secondary.value };
}

async function openRepository(directory: string, keepIn: "memory" | "disk", stops: Stops): Promise<Repository> {
  const server = await startObjectStoreServer({ directory, sizeBytes: STORE_BYTES, keepIn });
  stops.add(() => server.stop());
  await createBucket(server, BUCKET);
  const pass = (): Fault => ({ kind: "pass" });
  let fault = pass as (request: string) => Fault;
  const gateway = await startFaultyGateway(server, (request) => fault(request));
  stops.add(() => gateway.close());
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return {
    server,
    gateway,
    setFault: (faultOf = pass) => {
      fault = faultOf;
    },
    store: openS3Store({ bucket: BUCKET, prefix: PREFIX, endpoint, region, accessKeyId, secretAccessKey }),
  };
}

/** The values behind the `${NAME}` of the configuration. */
function variablesOf(source: MariadbServer, repositories: Record<RepositoryName, Repository>): Record<string, string> {
  const keys = REPOSITORIES.flatMap((name) => {
    const { accessKeyId, secretAccessKey } = repositories[name].server;
    const { id, secret } = keyVariables(name);
    return [
      [id, accessKeyId.reveal()],
      [secret, secretAccessKey.reveal()],
    ];
  });
  return Object.fromEntries([[DATABASE_VARIABLE, source.holdfast.password.reveal()], ...keys]) as Record<
    string,
    string
  >;
}

function runnersOf(directory: string, env: NodeJS.ProcessEnv, stops: Stops) {
  const files: string[] = [];
  return {
    startRunner: async () => {
      const logFile = join(directory, `runner-${files.length + 1}.log`);
      files.push(logFile);
      const runner = await startRunnerProcess({ env, logFile });
      stops.add(() => runner.stop());
      return runner;
    },
    runnerLogs: () => files.map((file) => readFileSync(file, "utf8")).join(""),
  };
}

function passwordIn(databaseUrl: string): string {
  return decodeURIComponent(new URL(databaseUrl).password);
}
