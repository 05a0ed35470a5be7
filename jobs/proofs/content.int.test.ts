import { copyFile, cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { ZOO_STATEMENTS, ZOO_USER_STATEMENTS } from "@/demo/mariadb/zoo";
import { type ObjectStoreServer, createBucket, startObjectStoreServer } from "@/demo/s3/object-store-server";
import { makeIdentity } from "@/demo/parts/make-identity";
import { PROJECT } from "@/demo/parts/program-part";
import { type ClosedLog, type Manifest } from "@/lib/backups";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { childEnvironment } from "@/lib/kernel/env";
import { isSignatureValid, newSigningKey, sha256 } from "@/lib/kernel/crypto";
import { startRestore } from "@/lib/recovery";
import { listVerifications, startVerification } from "@/lib/verification";
import { openStore } from "../open-engines";
import { type RunningCommand, askClient, shutDown, startCommand, startHoldfast } from "./command";
import { type Content, describeContent, readConnection } from "./describe-content";
import { takeFull, until, untilCollected, untilCompacted, untilEnded, untilShipped } from "./facts";
import { SYSTEM, type World, startWorld } from "./world";
import { BLOB_BYTES, ZOO_EXTRA_STATEMENTS, ZOO_LATER_STATEMENTS } from "./zoo-later";

const SPEC_MS = 300_000;
const NEVER = new AbortController().signal;
const BUCKET = "proofs";
const PREFIX = "content";

let database: TestDatabase;
let s3: ObjectStoreServer;
let world: World;
let manifest: Manifest;
/** The source, with its writers stopped. */
let source: Content;
let folder: string;

const secondary = () => ({
  kind: "s3" as const,
  bucket: BUCKET,
  prefix: PREFIX,
  region: s3.region,
  endpoint: s3.endpoint,
  accessKeyId: "${PROOFS_KEY}",
  secretAccessKey: "${PROOFS_SECRET}",
});

beforeAll(async () => {
  database = await openTestDatabase();
  s3 = await startObjectStoreServer({ directory: `/var/tmp/hf-proofs-s3-${process.pid}`, keepIn: "memory" });
  await createBucket(s3, BUCKET);
  world = await startWorld({
    databaseUrl: database.databaseUrl,
    serverId: 32,
    settings: { "max-allowed-packet": "1G", "sql-mode": "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE" },
    statements: [...ZOO_STATEMENTS, ...ZOO_USER_STATEMENTS, ...ZOO_EXTRA_STATEMENTS],
    repositories: { secondary: secondary() },
    verify: {
      queries: [{ sql: "SELECT COUNT(*) FROM zoo.blobs", atLeast: 3 }],
      application: {
        start: [process.execPath, "jobs/proofs/tiny-application.mjs", "{{applicationPort}}"],
        directory: PROJECT,
        environment: { DSN_OF_THE_COPY: "mysql://{{user}}@{{host}}:{{port}}/zoo" },
        checks: [
          { get: "https://app.example.com/blobs", status: 200, contains: "blobs: 3" },
          { get: "https://app.example.com/environment", status: 200, contains: "nothing of the runner" },
        ],
      },
    },
    variables: { PROOFS_KEY: s3.accessKeyId.reveal(), PROOFS_SECRET: s3.secretAccessKey.reveal() },
  });
  folder = world.repositories[0] ?? "";
  await untilCollected(world);
  await takeFull(world);
  await world.source.run(...ZOO_LATER_STATEMENTS);
  source = await describeContent(world.source.root);
  await untilShipped(world, 2);
  await untilCompacted(world);
  const [row] = await database.db.backup.findMany();
  manifest = row?.manifest as unknown as Manifest;
}, SPEC_MS);

afterAll(async () => {
  await world.stop();
  await s3.stop();
  await rm(s3.directory, { recursive: true, force: true });
  await database.close();
});

/** What the manifest said of objects before anybody restored. */
function objectsOf(effect: "lossy" | "omit"): string[] {
  return manifest.hazards.filter((hazard) => hazard.effect === effect).map((hazard) => hazard.object);
}

/** A copy equals the source, but for what the manifest named before. Sequences may have gone on by their cache. */
async function expectSource(optionFile: string): Promise<void> {
  const copy = await describeContent(readConnection(optionFile));
  const lossy = objectsOf("lossy").map((object) => `\`${object.split(".").slice(0, 2).join("`.`")}\``);
  const omitted = objectsOf("omit").map((object) => `view \`${object.replace(".", "`.`")}\``);
  const without = <T>(all: Record<string, T>, names: string[]) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
  expect({
    ...copy,
    checksums: without(copy.checksums, lossy),
    sequences: Object.keys(copy.sequences),
  }).toEqual({
    ...source,
    checksums: without(source.checksums, lossy),
    definitions: without(source.definitions, omitted),
    sequences: Object.keys(source.sequences),
  });
  for (const [name, next] of Object.entries(source.sequences)) {
    expect(copy.sequences[name], name).toBeGreaterThanOrEqual(next);
  }
  expect(await askClient(optionFile, "SELECT id, LENGTH(b) FROM zoo.blobs ORDER BY id")).toEqual(
    [1, 2, 3].map((id) => `${id}\t${id === 2 ? 0 : BLOB_BYTES}`),
  );
}

/** Objects below a prefix, by the last part of their names. */
async function namesIn(store: ObjectStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const object of store.list(prefix, { signal: NEVER })) names.push(object.key.slice(prefix.length));
  return names;
}

async function readAll(store: ObjectStore, key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.get(key, { signal: NEVER })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("the manifest", () => {
  test("names before any restore what comes back changed, and what was left out", () => {
    expect(objectsOf("lossy").sort()).toEqual(["zoo.enums.e", "zoo.floats"]);
    expect(objectsOf("omit")).toEqual(["zoo.broken"]);
    expect(manifest.hazards.filter((hazard) => hazard.effect === "refuse")).toEqual([]);
    const warned = (id: string) => manifest.hazards.filter((each) => each.id === id).map((each) => each.object);
    expect(warned("no-primary-key")).toContain("zoo.nokey");
    expect(warned("non-transactional-table")).toEqual(expect.arrayContaining(["archive.old", "archive.aria"]));
    expect(warned("sequence-cache")).toEqual(["zoo.order_no"]);
  });
});

describe.each(["primary", "secondary"] as const)("the closed logs in %s", (name) => {
  const open = () => openStore(name === "primary" ? { kind: "directory", path: folder } : secondary());
  const prefix = () => `systems/${SYSTEM}/log/${manifest.server.id}/${manifest.server.incarnation}/`;
  const closed = ["binlog.000001", "binlog.000002"];

  test("are one object each, with signed facts about the server's very bytes", async () => {
    const store = open();
    const identity = JSON.parse((await readAll(store, "holdfast.json")).toString()) as { publicKeys: string[] };
    for (const file of closed) {
      const bytes = await readAll(store, `${prefix()}${file}.json`);
      const signature = await readAll(store, `${prefix()}${file}.json.sig`);
      expect(identity.publicKeys.some((key) => isSignatureValid(key, bytes, signature))).toBe(true);
      const server = await readFile(join(world.source.dataDirectory, file));
      const facts = JSON.parse(bytes.toString()) as ClosedLog;
      expect(facts).toMatchObject({ file, sizeBytes: server.length, sha256: sha256(server) });
      expect(facts.firstGtid).toMatch(/^0-32-\d+$/);
      expect(facts.lastGtid).toMatch(/^0-32-\d+$/);
    }
  });

  test("left no segment behind; the open log is in segments alone", async () => {
    const names = await namesIn(open(), prefix());
    for (const file of closed) {
      const own = names.filter((each) => each.startsWith(`${file}.`));
      expect(own.sort()).toEqual([`${file}.json`, `${file}.json.sig`, `${file}.zst.age`]);
    }
    const rest = names.filter((each) => !closed.some((file) => each.startsWith(`${file}.`)));
    expect(rest.length).toBeGreaterThan(0);
    for (const each of rest) expect(each).toMatch(/^binlog\.000003\.\d+-\d+\.[0-9a-f]{64}\.zst\.age$/);
  });
});

describe("a full and its log over closed and open files", () => {
  test(
    "are proven by the application that runs on the copy, and the evidence is kept",
    { timeout: SPEC_MS },
    async () => {
      const { runId } = await startVerification(world.ctx, { system: SYSTEM, level: "application", from: "secondary" });
      const run = await untilEnded(world, runId);
      expect(run.error).toBeNull();
      expect(run.result).toMatchObject({ verdict: "pass", level: "application", fromRepository: "secondary" });
      const [proof] = (await listVerifications(world.ctx, { system: SYSTEM })).verifications;
      expect(proof).toMatchObject({ runId, verdict: "pass", level: "application", repository: "secondary" });
      expect(proof?.evidence.checks.map(({ key, state }) => `${key} ${state}`)).toEqual(
        [
          "find",
          "object",
          "band",
          "fetch",
          "load",
          "compare",
          "replay",
          "heartbeat",
          "check",
          "queries",
          "application",
        ].map((key) => `${key} passed`),
      );
      expect(proof?.evidence.tools.server).toContain("MariaDB");
      // Nothing of it is left, the application least of all.
      const { stdout } = await startCommand("ps", ["-eo", "args"]).ended;
      expect(stdout.split("\n").filter((line) => line.includes("tiny-application.mjs"))).toEqual([]);
    },
  );

  test("come back as a directory, and its server starts again from it", { timeout: SPEC_MS }, async () => {
    const directory = join(world.directory, "kept");
    const to = `dir:${directory}`;
    const { runId } = await startRestore(world.ctx, { system: SYSTEM, to, from: "primary" });
    const run = await untilEnded(world, runId);
    expect(run.error).toBeNull();
    expect(run.result).toMatchObject({ target: { socket: null, port: null, directory }, fromRepository: "primary" });
    expect(existsSync(join(directory, "data", "mariadbd.pid"))).toBe(false);
    const server = startCommand("mariadbd", [`--defaults-file=${directory}/server.cnf`]);
    const optionFile = join(directory, "client.cnf");
    await until("the server to answer", () => askClient(optionFile, "SELECT 1").catch(() => null));
    await expectSource(optionFile);
    const [scheduler] = await askClient(optionFile, "SELECT @@event_scheduler");
    expect(scheduler).toBe("OFF");
    await shutDown(optionFile);
    expect((await server.ended).exitCode).toBe(0);
    await rm(directory, { recursive: true });
  });
});

describe("without a console: bucket and key alone", () => {
  let home: string;
  beforeAll(async () => {
    home = join(world.directory, "empty");
    await mkdir(home);
  });

  const offline = (repository: string, ...args: string[]): RunningCommand => {
    const keys = { AWS_ACCESS_KEY_ID: s3.accessKeyId.reveal(), AWS_SECRET_ACCESS_KEY: s3.secretAccessKey.reveal() };
    const env = childEnvironment({ HOLDFAST_HOME: home, ...keys });
    return startHoldfast(env, [
      ...["restore", "--offline", "--repository", repository, "--system", SYSTEM, "--json"],
      ...args,
    ]);
  };
  const bucket = () => `s3://${BUCKET}/${PREFIX}?endpoint=${encodeURIComponent(s3.endpoint)}&region=${s3.region}`;

  test("a scratch server answers until the command is ended, and leaves nothing", { timeout: SPEC_MS }, async () => {
    const command = offline(bucket(), "--identity", world.identityFile, "--to", "scratch");
    const answer = JSON.parse(await command.firstLine) as { target: { optionFile: string; directory: string } };
    expect(answer).toMatchObject({ state: "succeeded", backupId: manifest.id, restoredTo: { next: null } });
    await expectSource(answer.target.optionFile);
    command.child.kill("SIGINT");
    const { exitCode, stdout } = await command.ended;
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(await readdir(home)).toEqual([]);
  });

  test(
    "a directory is left with its server stopped, at the point that was asked for",
    { timeout: SPEC_MS },
    async () => {
      const directory = join(world.directory, "night");
      const point = `gtid:${manifest.position.gtid}`;
      const args = ["--identity", world.identityFile, "--to", `dir:${directory}`, "--at", point];
      const { exitCode, stdout, stderr } = await offline(folder, ...args).ended;
      expect(exitCode, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        target: { socket: null, port: null, directory },
        restoredTo: { gtid: manifest.position.gtid, file: manifest.position.file, offset: manifest.position.offset },
      });
      expect((await readdir(directory)).sort()).toEqual(["client.cnf", "data", "error.log", "server.cnf", "tmp"]);
      expect(await readdir(home)).toEqual([]);
      await rm(directory, { recursive: true });
    },
  );

  test(
    "a wrong key, none, and a point out of reach end with a hint, and leave nothing",
    { timeout: SPEC_MS },
    async () => {
      const other = await makeIdentity(join(world.directory, "other.txt"));
      const later = new Date(Date.now() + 3_600_000).toISOString();
      const ends = await Promise.all([
        offline(folder, "--identity", other.file).ended,
        offline(folder).ended,
        offline(folder, "--identity", world.identityFile, "--at", later).ended,
      ]);
      const errors = ends.map(({ stdout }) => (JSON.parse(stdout) as { error: { code: string; hint: string } }).error);
      expect(ends.map(({ exitCode }) => exitCode)).toEqual([1, 3, 3]);
      expect(errors.map(({ code }) => code)).toEqual(["ENGINE", "PRECONDITION", "REFUSED"]);
      for (const { hint } of errors) expect(hint).toMatch(/\S/);
      expect(await readdir(home)).toEqual([]);
    },
  );

  test("a manifest that another key signed does not count", { timeout: SPEC_MS }, async () => {
    const file = join(world.directory, "public.pem");
    await writeFile(file, newSigningKey().publicPem);
    const { exitCode, stdout } = await offline(folder, "--identity", world.identityFile, "--public-key", file).ended;
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "DAMAGED", message: expect.stringContaining("does not fit its signature") as string },
    });
  });
});

describe("restore.sh, with standard tools alone", () => {
  const script = (...args: string[]) =>
    startCommand("sh", [join(folder, "restore.sh"), ...args], { env: childEnvironment() });
  /** A pipeline as the repository's README says it. */
  const pipe = (text: string) =>
    startCommand("bash", ["-o", "pipefail", "-c", text], { env: childEnvironment() }).ended;
  const place = () => join(folder, "systems", SYSTEM, "log", manifest.server.id, manifest.server.incarnation);

  test("lists and verifies, loads and replays: the same content", { timeout: SPEC_MS }, async () => {
    const [list, verify] = await Promise.all([
      script("list", folder).ended,
      script("verify", folder, SYSTEM, manifest.id).ended,
    ]);
    expect(list).toMatchObject({ exitCode: 0, stderr: "" });
    expect(list.stdout).toContain(manifest.id);
    expect(verify).toMatchObject({ exitCode: 0, stderr: "", stdout: "signature and every digest fit\n" });

    const plain = await startMariadbServer({
      directory: join(world.directory, "plain"),
      serverId: 99,
      binlog: false,
      settings: { "sql-mode": manifest.server.settings.sqlMode, "event-scheduler": "OFF", "max-allowed-packet": "1G" },
    });
    try {
      const optionFile = join(world.directory, "plain.cnf");
      await writeFile(
        optionFile,
        `[client]\nuser=root\npassword=${plain.root.password.reveal()}\nsocket=${plain.socket}\n`,
        { mode: 0o600 },
      );
      // Of this practice server's own; a fresh one of somebody's has none.
      await plain.run("DROP USER holdfast@localhost, holdfast@127.0.0.1");
      const client = `mariadb --defaults-file=${optionFile} --comments --binary-mode --max-allowed-packet=1G`;
      const sh = `sh ${folder}/restore.sh`;
      const out = join(world.directory, "log");
      for (const part of ["dump", "users"]) {
        const end = await pipe(`${sh} ${part} ${folder} ${SYSTEM} ${manifest.id} ${world.identityFile} | ${client}`);
        expect(end).toMatchObject({ exitCode: 0, stderr: "" });
      }
      const log = await script("log", folder, SYSTEM, manifest.id, out, world.identityFile).ended;
      expect(log.exitCode, log.stderr).toBe(0);
      const files = await readdir(out);
      expect(files.slice(0, 2)).toEqual(["binlog.000001", "binlog.000002"]);
      const printed = /mariadb-binlog .* \| /.exec(log.stderr)?.[0].replace(/ \[.*?\]/, "") ?? "";
      const replayed = await pipe(`cd ${out} && ${printed} ${client}`);
      expect(replayed).toMatchObject({ exitCode: 0, stderr: "" });
      await expectSource(optionFile);
    } finally {
      await plain.kill();
    }
  });

  test("refuses a wrong key, with nothing written that looks whole", { timeout: SPEC_MS }, async () => {
    const other = await makeIdentity(join(world.directory, "wrong.txt"));
    const out = join(world.directory, "wrong");
    const ends = await Promise.all([
      script("dump", folder, SYSTEM, manifest.id, other.file).ended,
      script("dump", folder, SYSTEM, manifest.id).ended,
      script("log", folder, SYSTEM, manifest.id, out, other.file).ended,
    ]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
    expect(ends.map(({ stdout }) => stdout)).toEqual(["", "", ""]);
    expect(ends[0]?.stderr).toContain("wrong key, or damaged");
    expect(existsSync(out)).toBe(false);
  });

  test(
    "refuses a changed manifest, an unsigned one, a damaged piece and holes in the log",
    { timeout: SPEC_MS },
    async () => {
      const broken = join(world.directory, "broken");
      await cp(folder, broken, { recursive: true });
      const log = join(broken, place().slice(folder.length));
      const file = join(broken, "systems", SYSTEM, manifest.id, "manifest.json");
      const data = join(broken, manifest.parts.find((part) => part.name === "data")?.pieces[0]?.key ?? "");
      const out = join(world.directory, "holes");
      const run = async (command: string, ...more: string[]) => {
        const { exitCode, stderr } = await script(command, broken, SYSTEM, manifest.id, ...more).ended;
        await rm(out, { recursive: true, force: true });
        return `${exitCode} ${stderr}`;
      };
      const readLog = () => run("log", out, world.identityFile);
      /** Does something to a file, asks, and takes it back. */
      const spoil = async (path: string, how: () => Promise<unknown>, asked: () => Promise<string>) => {
        await copyFile(path, `${path}.kept`);
        await how();
        const said = await asked();
        await rename(`${path}.kept`, path);
        return said;
      };
      const change = (path: string) => async () => {
        const bytes = await readFile(path);
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
        await writeFile(path, bytes);
      };
      const segments = (await readdir(log)).filter((name) => name.startsWith("binlog.000003.")).sort();
      const first = join(log, segments.find((name) => name.startsWith("binlog.000003.0-")) ?? "");

      expect(await spoil(file, change(file), () => run("verify"))).toMatch(/^1 .*does not fit its signature/);
      expect(await spoil(file, change(file), () => run("dump", world.identityFile))).toMatch(/^1 .*does not fit its/);
      expect(
        await spoil(
          `${file}.sig`,
          () => rm(`${file}.sig`),
          () => run("verify"),
        ),
      ).toMatch(/^1 .*is not signed/);
      expect(await spoil(data, change(data), () => run("verify"))).toMatch(/^1 [^]*a piece of data is damaged/);
      expect(await spoil(data, change(data), () => run("dump", world.identityFile))).toMatch(/^1 [^]*is damaged/);
      expect(await spoil(first, () => rm(first), readLog)).toMatch(/^1 .*binlog\.000003 has a hole at byte 0/);
      expect(await spoil(first, change(first), readLog)).toMatch(/^1 [^]*damaged/);
      const closed = join(log, "binlog.000002.zst.age");
      expect(await spoil(closed, () => rm(closed), readLog)).toMatch(/^1 .*binlog\.000002 is not in the repository/);
      expect(await spoil(`${log}/binlog.000002.json`, change(`${log}/binlog.000002.json`), readLog)).toMatch(
        /^1 .*signature/,
      );
      expect(await readLog()).toMatch(/^0 /);
      const list = await spoil(file, change(file), async () => {
        const end = await script("list", broken).ended;
        return `${end.exitCode} ${end.stdout} ${end.stderr}`;
      });
      expect(list).toMatch(/^1  .*does not fit its signature/);
    },
  );
});
