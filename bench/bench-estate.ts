import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { z } from "zod";
import { runHoldfast } from "@/demo/console/run-holdfast";
import { declareServer } from "@/demo/mariadb/declare-server";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { makeIdentity } from "@/demo/parts/make-identity";
import { PROJECT, tsxArguments } from "@/demo/parts/program-part";
import { type ObjectStoreServer, createBucket, startObjectStoreServer } from "@/demo/s3/object-store-server";
import { startProgram } from "@/lib/engines/shared/process";
import { childEnvironment } from "@/lib/kernel/env";
import { newId } from "@/lib/kernel/ids";
import { generateData } from "./generate-data";

const BUCKET = "bench";
const PASSWORD = "BENCH_DB_PASSWORD";
const Anything = z.record(z.string(), z.unknown());

/** One source of generated data, two stores that share nothing, and a Holdfast that backs it up; for benchmarks only. */
export interface BenchEstate {
  directory: string;
  sqlBytes: number;
  source: MariadbServer;
  /** Process id of the console: the root of everything that Holdfast starts. */
  holdfastPid: number;
  /** The bucket of repository `primary`, and the store that holds it. */
  store: ObjectStoreServer;
  bucket: string;
  /** The key that everything is encrypted for. */
  identity: { recipient: string; file: string };
  holdfast: <T>(args: readonly string[], answer: z.ZodType<T>) => Promise<T>;
  /** Below it lie the console's own PostgreSQL and its keys. */
  home: string;
  /** From now on the log of system `both` is streamed to both repositories, every 5 s, with a heartbeat a second. */
  followLog(): Promise<void>;
  stop(): Promise<void>;
}

/** Systems of the configuration: the same server, to one repository and to both. */
export const ONE = "one";
export const BOTH = "both";
/** To one repository, by its files. */
export const FILES = "files";

/**
 * A server whose tables fit in its memory, as a production server's working set does: with Debian's own 128 MB both
 * sides would mostly wait for its disk. In InnoDB's pages rows and their three indexes take twice the size of their SQL.
 */
export function serverSettings(sqlBytes: number): Record<string, number> {
  return { "innodb-buffer-pool-size": Math.max(Math.ceil(3 * sqlBytes), 128 * 2 ** 20) };
}

export async function startBenchEstate(sqlBytes: number, say: (text: string) => void): Promise<BenchEstate> {
  await mkdir("/var/tmp/hf-bench", { recursive: true });
  const directory = await mkdtemp("/var/tmp/hf-bench/");
  await chmod(directory, 0o711); // The embedded database's user passes through it.
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of stops.reverse()) await each();
  };
  try {
    say("starting the source server and two object stores");
    const source = await startMariadbServer({
      directory: join(directory, "db"),
      serverId: 11,
      binlog: true,
      settings: serverSettings(sqlBytes),
    });
    stops.push(() => source.stop());
    for (const host of ["localhost", "127.0.0.1"]) await source.run(`GRANT PROCESS ON *.* TO holdfast@${host}`);
    const stores: ObjectStoreServer[] = [];
    for (const name of ["primary", "secondary"]) {
      const store = await startObjectStoreServer({ directory: join(directory, name), sizeBytes: 20 * 2 ** 30 });
      stops.push(() => store.stop());
      await createBucket(store, BUCKET, { versioning: true });
      stores.push(store);
    }
    say(`generating ${(sqlBytes / 2 ** 20).toFixed(0)} MiB of SQL`);
    await generateData(source.root, sqlBytes);
    say("starting Holdfast");
    const identity = await makeIdentity(join(directory, "identity.txt"));
    const console = await startHoldfast({ directory, source, stores, identity });
    stops.push(console.stop);
    await untilHeartbeat(source);
    const { pid: holdfastPid, run: holdfast, home, followLog } = console;
    const [store] = stores;
    if (!store) throw new Error("no object store was started");
    return {
      directory,
      sqlBytes,
      source,
      store,
      bucket: BUCKET,
      identity,
      holdfastPid,
      holdfast,
      home,
      followLog,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The heartbeat's schema is made once: a dump that runs meanwhile, the standard's too, would hold half of it. */
async function untilHeartbeat(source: MariadbServer): Promise<void> {
  const deadline = performance.now() + 60_000;
  const find = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'holdfast' AND table_name = 'heartbeat'";
  while ((await source.run(find)).length === 0) {
    if (performance.now() > deadline) throw new Error("no heartbeat within 60 s: see Holdfast's log above");
    await wait(200);
  }
}

interface Parts {
  directory: string;
  source: MariadbServer;
  stores: readonly ObjectStoreServer[];
  identity: BenchEstate["identity"];
}

async function startHoldfast(parts: Parts) {
  const { directory, source, stores } = parts;
  const variables = Object.fromEntries([
    [PASSWORD, source.holdfast.password.reveal()],
    ...stores.flatMap((store, index) => [
      [`BENCH_KEY_${index}`, store.accessKeyId.reveal()],
      [`BENCH_SECRET_${index}`, store.secretAccessKey.reveal()],
    ]),
  ]) as Record<string, string>;
  const home = join(directory, "h");
  const env = childEnvironment({ HOLDFAST_HOME: home, HOLDFAST_LOG_LEVEL: "warn", ...variables });
  const configuration = join(directory, "holdfast.yaml");
  const declared = describeBench(parts);
  const stopping = new AbortController();
  const { child, done } = startProgram({
    engine: "bench",
    operation: "run Holdfast",
    program: process.execPath,
    args: [...tsxArguments("jobs/cli.ts"), "up", "--no-web"],
    cwd: PROJECT,
    env: { HOLDFAST_HOME: home, HOLDFAST_LOG_LEVEL: "warn", ...variables },
    stdio: ["ignore", "inherit", "inherit"],
    signal: stopping.signal,
    hint: "See its log above.",
  });
  const run: BenchEstate["holdfast"] = (args, answer) => runHoldfast(env, args, answer);
  const apply = async (document: object) => {
    await writeFile(configuration, stringify(document));
    await run(["apply", "-f", configuration], Anything);
  };
  await apply(declared);
  return {
    pid: child.pid ?? 0,
    run,
    home,
    followLog: () => apply({ ...declared, systems: { [BOTH]: declareFollowed(source) } }),
    stop: async () => {
      stopping.abort();
      await done.catch(() => undefined); // Being stopped is how it ends.
    },
  };
}

function declareFollowed(source: MariadbServer): object {
  const to = ["primary", "secondary"];
  return declareServer(source, { passwordVariable: PASSWORD, to, log: { to, interval: "5s" }, heartbeat: "1s" });
}

function describeBench({ source, stores, identity }: Parts) {
  const repository = (store: ObjectStoreServer | undefined, index: number) => ({
    kind: "s3",
    bucket: BUCKET,
    prefix: newId(),
    region: store?.region,
    endpoint: store?.endpoint,
    accessKeyId: `\${BENCH_KEY_${index}}`,
    secretAccessKey: `\${BENCH_SECRET_${index}}`,
  });
  const system = (to: readonly string[], method: "logical" | "physical" = "logical") =>
    declareServer(source, { passwordVariable: PASSWORD, to, method, heartbeat: "60s" });
  return {
    project: { name: "Bench", contact: "bench@example.com" },
    objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
    keys: { recipients: [identity.recipient], identityFile: identity.file },
    repositories: { primary: repository(stores[0], 0), secondary: repository(stores[1], 1) },
    systems: {
      [ONE]: system(["primary"]),
      [FILES]: system(["primary"], "physical"),
      [BOTH]: system(["primary", "secondary"]),
    },
  };
}
