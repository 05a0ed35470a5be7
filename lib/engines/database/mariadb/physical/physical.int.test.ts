import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, open, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { readOwnPrograms, readPrograms } from "@/demo/mariadb/read-programs";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { ZOO_SCHEMAS, ZOO_STATEMENTS, ZOO_USER_STATEMENTS } from "@/demo/mariadb/zoo";
import type { ProgramPipe } from "@/lib/engines/shared/piped-bytes";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import type {
  LogPosition,
  PhysicalBackup,
  PhysicalEngine,
  PhysicalFacts,
  PhysicalParent,
  PhysicalRestore,
} from "../../port";
import { textOf, withSession } from "../connect";
import { createMariadbEngine } from "../engine";

const directory = `/var/tmp/hf-phy-${process.pid}`;
const signal = new AbortController().signal;
let server: MariadbServer;
let physical: PhysicalEngine;
const engine = () => createMariadbEngine(server.holdfast);

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("MariaDB has backups of files");
  return value;
}

beforeAll(async () => {
  await mkdir(directory);
  server = await startMariadbServer({
    directory: join(directory, "s"),
    serverId: 71,
    binlog: true,
    settings: { "innodb-data-file-path": "ibdata1:10M:autoextend", "sql-mode": "ANSI_QUOTES" },
  });
  for (const host of ["localhost", "127.0.0.1"]) await server.run(`GRANT PROCESS ON *.* TO holdfast@${host}`);
  await server.run(...ZOO_STATEMENTS, ...ZOO_USER_STATEMENTS);
  await server.run(
    "CREATE DATABASE shop",
    "CREATE TABLE shop.floats (id INT PRIMARY KEY, f FLOAT, n INT, KEY f (f))",
    "INSERT INTO shop.floats SELECT seq, RAND(seq), seq FROM zoo.seq_1_to_3000",
    "CREATE TABLE shop.doomed (id INT PRIMARY KEY)",
    "CREATE TABLE shop.renamed (id INT PRIMARY KEY, t TEXT)",
    "INSERT INTO shop.renamed VALUES (1, 'one')",
  );
  physical = required(engine().physical);
});

afterAll(async () => {
  try {
    await server.kill();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

afterEach(() => vi.unstubAllEnvs());

interface Stored {
  file: string;
  facts: PhysicalFacts;
}

/** As a program takes it: the bytes never pass through this process. */
async function store(name: string, parent: PhysicalParent | null = null): Promise<Stored> {
  const file = join(directory, name);
  await using target = await open(file, "w", 0o600);
  const backup = physical.backup({ parent }, { signal });
  const piped = backup.piped();
  const from = piped.start();
  const cat = spawn("cat", [], { stdio: [from, target.fd, "ignore"] });
  from.destroy();
  const [facts] = await Promise.all([backup.done, once(cat, "close")]);
  const { sizeBytes } = await piped.measured;
  expect((await stat(file)).size).toBe(sizeBytes);
  return { file, facts };
}

let some: Promise<Stored> | undefined;
/** A full of whatever the source holds, for tests that do not care. */
const someFull = () => (some ??= store("some.xb"));

async function read(backup: PhysicalBackup): Promise<unknown> {
  const reading = (async () => {
    for await (const chunk of backup.output) void chunk;
  })();
  const [read_, told] = await Promise.allSettled([reading, backup.done]);
  expect(read_.status).toBe(told.status);
  return told.status === "rejected" ? told.reason : null;
}

async function begin(name: string): Promise<PhysicalRestore> {
  const { settings } = await engine().inspect(signal);
  return physical.restore({ directory: join(directory, name), port: 0, settings, signal });
}

function pipeOf(file: string): ProgramPipe {
  const cat = () => spawn("cat", [file], { stdio: ["ignore", "pipe", "ignore"] });
  return { start: () => cat().stdout, abandon: () => undefined };
}

async function add(restore: PhysicalRestore, { file, facts }: Stored): Promise<void> {
  await restore.unpack(facts, pipeOf(file));
  await restore.apply();
}

/** Another account that may do everything. */
const asBoss = (sql: string) =>
  withSession(
    { ...server.root, user: "boss", password: new Secret("the-boss-password") },
    { signal },
    async (session) => {
      await session.rows("keep it out of the log", "SET SESSION sql_log_bin = 0");
      await session.rows("run a statement", sql);
    },
  );

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

const sumsOf = async (connection: Parameters<typeof withSession>[0], tables: string[]) =>
  withSession(connection, { signal }, async (session) => {
    const rows = await session.rows("sum up", `CHECKSUM TABLE ${tables.join(", ")}`);
    return rows.map((row) => [textOf(row, "Table"), textOf(row, "Checksum")]);
  });

/** A program of that name before all others, which speaks as `script` says. */
async function fake(name: string, script: string): Promise<void> {
  const place = join(directory, `bin-${name}-${script.length}`);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(place, name), 0o755);
  vi.stubEnv("PATH", `${place}:${process.env.PATH ?? ""}`);
}

describe("a full and two increments", () => {
  test("come back as the source was at the last one, accounts included, and the log goes on from there", async () => {
    const full = await store("full.xb");
    await server.run(
      "UPDATE shop.floats SET f = f * 3, n = -n WHERE id % 7 = 0",
      "DELETE FROM shop.floats WHERE id BETWEEN 100 AND 900",
      "DROP TABLE shop.doomed",
      "RENAME TABLE shop.renamed TO shop.anew",
      "ALTER TABLE shop.anew ADD COLUMN later INT DEFAULT 4",
      "CREATE TABLE shop.born (id INT PRIMARY KEY, v VARCHAR(40))",
      "INSERT INTO shop.born SELECT seq, MD5(seq) FROM zoo.seq_1_to_2000",
      "DROP DATABASE archive",
      "INSERT INTO zoo.parts VALUES (9, 9, 9)",
    );
    const first = await store("first.xb", full.facts);
    await server.run(
      "TRUNCATE TABLE shop.born",
      "CREATE DATABASE archive",
      "CREATE TABLE archive.old (id INT PRIMARY KEY, t TEXT) ENGINE=Aria",
      "INSERT INTO archive.old VALUES (7, 'again')",
      "ALTER TABLE shop.floats DROP KEY f, ADD COLUMN g DOUBLE DEFAULT 0.5",
      "CREATE USER late@'%' IDENTIFIED BY 'late-password'",
    );
    // Whatever the source knows of root: the copy lets its own in.
    await asBoss("ALTER USER root@localhost IDENTIFIED VIA unix_socket ACCOUNT LOCK");
    const before = await positionOf(server);
    const second = await store("second.xb", first.facts);
    expect(second.facts.position).toEqual(before);
    await asBoss(`ALTER USER root@localhost IDENTIFIED BY '${server.root.password.reveal()}' ACCOUNT UNLOCK`);
    expect([full.facts.lsn.from, first.facts.lsn.from, second.facts.lsn.from]).toEqual([
      "0",
      full.facts.lsn.to,
      first.facts.lsn.to,
    ]);

    const restore = await begin("r");
    for (const each of [full, first, second]) await add(restore, each);
    const copy = await restore.start();
    const { schemas } = await engine().inspect(signal);
    expect(schemas).toEqual(expect.arrayContaining([...ZOO_SCHEMAS, "shop"]));
    expect(await engine().digestTables(copy.connection, schemas, signal)).toEqual(
      await engine().digestTables(server.root, schemas, signal),
    );
    // Values that SQL text does not carry.
    const tables = ["shop.floats", "shop.born", "shop.anew", "archive.old", "zoo.kinds", "zoo.history"];
    expect(await sumsOf(copy.connection, tables)).toEqual(await sumsOf(server.root, tables));
    expect((await engine().checkTables(copy.connection, signal)).broken).toEqual([]);

    const late = { ...copy.connection, user: "late", password: new Secret("late-password") };
    expect(await engine().query(late, "SELECT CURRENT_USER()", signal)).toBe("late@%");
    const own = { ...server.holdfast, socket: copy.socket };
    expect(await thrownBy(engine().query(own, "SELECT 1", signal))).toMatchObject({ code: "ENGINE", permanent: true });

    await server.run("INSERT INTO shop.born VALUES (1, 'after')", "CREATE TABLE shop.after AS SELECT * FROM shop.anew");
    const end = await positionOf(server);
    const replayed = await engine().replay(
      copy.connection,
      { files: [join(server.dataDirectory, end.file)], from: second.facts.position, end },
      { signal },
    );
    expect(replayed.lastGtid).toBe(end.gtid);
    await copy.makeSafe(signal);
    expect(await engine().digestTables(copy.connection, schemas, signal)).toEqual(
      await engine().digestTables(server.root, schemas, signal),
    );
    await copy.stop();
    await restore.discard();
    expect(await readdir(directory)).not.toContain("r");
  });
});

async function positionOf(source: MariadbServer): Promise<LogPosition> {
  const { position } = await createMariadbEngine(source.holdfast).inspect(signal);
  return position;
}

describe("a chain that is none", () => {
  test("is refused before anything is applied", async () => {
    const full = await store("c-full.xb");
    await server.run(
      "UPDATE shop.anew SET t = 'x'",
      "SET GLOBAL innodb_max_dirty_pages_pct = 0, innodb_max_dirty_pages_pct_lwm = 0",
    );
    await checkpointPast(full.facts.lsn.to);
    const first = await store("c-first.xb", full.facts);
    await server.run("UPDATE shop.anew SET t = 'y'");
    await checkpointPast(first.facts.lsn.to);
    const second = await store("c-second.xb", first.facts);
    const restore = await begin("c");
    expect(await thrownBy(add(restore, first))).toMatchObject({
      message: expect.stringContaining("begins with") as string,
    });
    await add(restore, full);
    expect(await thrownBy(add(restore, second))).toMatchObject({
      message: expect.stringContaining("does not follow") as string,
    });
    // Under the name of the one that should come: its own LSNs tell.
    expect(await thrownBy(add(restore, { ...second, facts: first.facts }))).toMatchObject({
      message: expect.stringContaining("is said to go from") as string,
    });
    await restore.discard();
    expect(await readdir(directory)).not.toContain("c");
  });

  test("is not begun on files that were put there anew, or on a server that went back", async () => {
    const { facts } = await someFull();
    const other = await read(physical.backup({ parent: { ...facts, lineage: "another" } }, { signal }));
    expect(other).toMatchObject({ permanent: true, message: expect.stringContaining("put there anew") as string });
    const last = String(BigInt(facts.lsn.last) + 10n ** 12n);
    const back = await read(physical.backup({ parent: { ...facts, lsn: { ...facts.lsn, last } } }, { signal }));
    expect(back).toMatchObject({ permanent: true, message: expect.stringContaining("it went back") as string });
  });
});

/** InnoDB writes its pages out by itself when nothing goes on; the next increment then begins behind what was changed. */
async function checkpointPast(lsn: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const [row] = await server.run("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_last_checkpoint'");
      expect(BigInt(textOf(row, "Value") ?? 0) > BigInt(lsn)).toBe(true);
    },
    { timeout: 20_000, interval: 50 },
  );
}

describe("a tool that does not fit", () => {
  test.each(["10.6.21-MariaDB", "10.11.1-MariaDB", "11.4.2-MariaDB", "nonsense"])(
    "(%s) is refused",
    async (version) => {
      await fake("mariadb-backup", `echo "mariadb-backup based on MariaDB server ${version} debian-linux-gnu" >&2`);
      const error = await read(physical.backup({ parent: null }, { signal }));
      expect(error).toBeInstanceOf(EngineError);
      expect(error).toMatchObject({ permanent: true });
    },
  );

  test("for the restore is refused as well", async () => {
    const full = await someFull();
    const restore = await begin("t");
    await fake("mariadb-backup", 'echo "mariadb-backup based on MariaDB server 10.11.1-MariaDB debian-linux-gnu" >&2');
    expect(await thrownBy(add(restore, full))).toMatchObject({
      message: expect.stringContaining("not older") as string,
    });
    await restore.discard();
  });

  test.each([
    ["ends well without its last line", "exit 0", "without its last line"],
    ["says that all is well and writes nothing", "echo 'completed OK!' >&2", "its last file is missing"],
    ["fails", "echo 'root IDENTIFIED BY PASSWORD *ABC' >&2; exit 1", "exit code 1"],
  ])("because it %s makes no backup", async (_, script, message) => {
    const version = "mariadb-backup based on MariaDB server 10.11.99-MariaDB x";
    const lsn = `for a in "$@"; do case $a in --extra-lsndir=*) mkdir -p "\${a#*=}"; cd "\${a#*=}";; esac; done
printf 'backup_type = full-backuped\\nfrom_lsn = 0\\nto_lsn = 1\\nlast_lsn = 1\\n' >xtrabackup_checkpoints; : >xtrabackup_info`;
    await fake("mariadb-backup", `[ "$1" != --version ] || { echo "${version}" >&2; exit 0; }\n${lsn}\n${script}`);
    const error = await read(physical.backup({ parent: null }, { signal }));
    expect(error).toMatchObject({ code: "ENGINE" });
    expect(inspect(error)).not.toContain("*ABC");
    if (script !== "echo 'completed OK!' >&2") expect(inspect(error)).toContain(message);
  });
});

describe("a backup that breaks off", () => {
  const held = async (own: AbortSignal) => {
    const backup = physical.backup({ parent: null }, { signal: own });
    await once(backup.output, "readable");
    return backup;
  };
  const expectNothingLeft = async () => {
    expect(await readOwnPrograms("mariadb-backup")).toEqual([]);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith(`hf-${process.pid}-`))).toEqual([]);
    // It holds no lock any more.
    await server.run("CREATE TABLE shop.t AS SELECT 1 AS a", "DROP TABLE shop.t");
  };

  test("shows no password meanwhile; killed it fails and leaves nothing", async () => {
    const backup = await held(signal);
    const password = server.holdfast.password.reveal();
    const programs = await readPrograms();
    expect(programs.some(({ text }) => text.startsWith("mariadb-backup\0"))).toBe(true);
    for (const { text } of programs) expect(text.includes(password)).toBe(false);
    const [tool] = await readOwnPrograms("mariadb-backup");
    process.kill(tool?.pid ?? -1, "SIGKILL");
    expect(await read(backup)).toMatchObject({ message: expect.stringContaining("it was ended") as string });
    await expectNothingLeft();
  });

  test("because it was cancelled is no failure", async () => {
    const controller = new AbortController();
    const backup = await held(controller.signal);
    controller.abort();
    expect(await read(backup)).toBeInstanceOf(CancelledError);
    await expectNothingLeft();
  });

  test("because its reader went away ends the tool", async () => {
    const backup = await held(signal);
    backup.output.destroy();
    expect(await thrownBy(backup.done)).toBeInstanceOf(CancelledError);
    await expectNothingLeft();
  });

  test("because of a wrong password says so without it", async () => {
    const wrong = required(createMariadbEngine({ ...server.holdfast, password: new Secret("not-it-4711") }).physical);
    const error = await read(wrong.backup({ parent: null }, { signal }));
    expect(error).toMatchObject({ permanent: true, message: expect.stringContaining("refused the user") as string });
    expect(inspect(error, { depth: 9 })).not.toContain("not-it-4711");
  });
});

describe("a stream that was cut", () => {
  test("anywhere is refused, at the end of a file as well", async () => {
    const full = await someFull();
    const bytes = await readFile(full.file);
    const half = bytes.length >> 1;
    const ends = [half, bytes.indexOf("XBSTCK01", half), bytes.lastIndexOf("XBSTCK01", bytes.indexOf("backup-my.cnf"))];
    for (const [index, end] of ends.entries()) {
      const file = join(directory, `cut-${index}.xb`);
      await writeFile(file, bytes);
      await truncate(file, end);
      const restore = await begin(`cut${index}`);
      const error = await thrownBy(add(restore, { ...full, file }));
      expect(error, basename(file)).toMatchObject({ code: "ENGINE", permanent: true });
      expect(String(error)).toMatch(/not whole/);
      await restore.discard();
    }
    expect((await readdir(directory)).filter((name) => /^cut\d$/.test(name))).toEqual([]);
  });
});

describe("hazards", () => {
  const idsOf = async (of: PhysicalEngine = physical) =>
    (await of.findHazards(signal)).map(({ id, effect, object }) => [id, effect, object].join(" "));

  test("are those of files: what only a dump would lose is none", async () => {
    const ids = await idsOf();
    expect(ids.filter((line) => line.includes(" refuse "))).toEqual([]);
    expect(ids.filter((line) => line.startsWith("float-column"))).toEqual([]);
    expect(ids).toContain("no-primary-key warn zoo.nokey");
  });

  test("name rows in memory, files elsewhere, a missing right and another machine", async () => {
    const elsewhere = join(directory, "elsewhere");
    await mkdir(elsewhere);
    await server.run(
      "CREATE TABLE shop.fleeting (a INT) ENGINE=MEMORY",
      `CREATE TABLE shop.away (a INT PRIMARY KEY) DATA DIRECTORY='${elsewhere}'`,
      "REVOKE PROCESS ON *.* FROM holdfast@localhost",
    );
    try {
      expect(await idsOf()).toEqual(
        expect.arrayContaining([
          "rows-in-memory omit shop.fleeting",
          "data-elsewhere refuse shop/away.isl",
          "missing-right refuse PROCESS",
        ]),
      );
      expect(await read(physical.backup({ parent: null }, { signal }))).toMatchObject({
        message: expect.stringContaining("lacks a right") as string,
      });
    } finally {
      await server.run("DROP TABLE shop.away, shop.fleeting", "GRANT PROCESS ON *.* TO holdfast@localhost");
    }
  });
});
