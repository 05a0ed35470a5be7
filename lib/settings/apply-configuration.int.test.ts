import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ADMINISTRATOR,
  ANONYMOUS,
  AUDITOR,
  OPERATOR,
  type TestDatabase,
  VIEWER,
  openTestDatabase,
} from "@/lib/db/test-database";
import { type TestEstate, testEstate } from "@/lib/db/test-estate";
import { ForbiddenError, PreconditionError, UnauthenticatedError, ValidationError } from "@/lib/kernel/errors";
import { applyConfiguration, exportConfiguration, findConfiguration, listConfigurations, loadConfiguration } from ".";

let database: TestDatabase;
beforeEach(async () => {
  database = await openTestDatabase();
});
afterEach(() => database.close());

const textOf = (change: (estate: TestEstate) => void = () => undefined): string => {
  const estate = testEstate();
  change(estate);
  return JSON.stringify(estate);
};
const apply = (text = textOf(), dryRun = false) => applyConfiguration(database.ctx(ADMINISTRATOR), { text, dryRun });
const changesOf = async () => {
  const rows = await database.db.auditEvent.findMany({
    where: { action: "configuration.changed" },
    orderBy: { id: "asc" },
  });
  return rows.map(({ entityId, changes, metadata, performedBy }) => ({ entityId, changes, metadata, performedBy }));
};

describe("a configuration that is applied", () => {
  test("declares systems in their order, and repositories, and leaves an event for each change", async () => {
    const applied = await apply();
    expect(applied).toMatchObject({ version: 1, applied: true });
    const systems = await database.db.system.findMany({ orderBy: { position: "asc" } });
    expect(
      systems.map(({ name, kind, rtoTargetSeconds, rpoTargetSeconds }) => [
        name,
        kind,
        rtoTargetSeconds,
        rpoTargetSeconds,
      ]),
    ).toEqual([
      ["database", "mariadb", 7_200, 900],
      ["mail", "service", 86_400, null],
    ]);
    const repositories = await database.db.repository.findMany({ orderBy: { name: "asc" } });
    expect(repositories.map(({ name, location, identity }) => [name, location, identity])).toEqual([
      ["primary", "/mnt/primary", null],
      ["secondary", "/mnt/secondary", null],
    ]);
    const events = await changesOf();
    expect(events).toHaveLength(applied.changes.length);
    expect(events.find(({ entityId }) => entityId === "systems.database.rto")).toEqual({
      entityId: "systems.database.rto",
      changes: { before: { value: null }, after: { value: "2h" } },
      metadata: { version: 1 },
      performedBy: ADMINISTRATOR.kind === "user" ? ADMINISTRATOR.email : "",
    });
  });

  test("a second time with a change stores old and new value, and no other event", async () => {
    await apply();
    const before = (await changesOf()).length;
    const { changes, version } = await apply(textOf((estate) => (estate.systems.database.rpo = "5m")));
    expect(changes).toEqual([{ path: "systems.database.rpo", before: "15m", after: "5m" }]);
    expect(version).toBe(2);
    expect((await changesOf()).slice(before)).toMatchObject([
      { entityId: "systems.database.rpo", changes: { before: { value: "15m" }, after: { value: "5m" } } },
    ]);
    expect((await loadConfiguration(database.ctx())).configuration.systems.database?.rpo).toBe(300);
  });

  test("unchanged makes no version and no event, even when it is written otherwise", async () => {
    await apply();
    const count = await database.db.auditEvent.count();
    const { systems, ...rest } = testEstate();
    const again = await apply(`# a remark\n${JSON.stringify({ systems, ...rest }, null, 2)}`);
    expect(again).toEqual({ version: 1, applied: false, changes: [] });
    expect(await database.db.auditEvent.count()).toBe(count);
  });

  test("with the systems in another order is a change, with an event, and the order holds", async () => {
    await apply();
    const { database: first, mail } = testEstate().systems;
    const text = JSON.stringify({ ...testEstate(), systems: { mail, database: first } });
    expect(await apply(text)).toMatchObject({
      applied: true,
      changes: [{ path: "systems", before: ["database", "mail"], after: ["mail", "database"] }],
    });
    const rows = await database.db.system.findMany({ orderBy: { position: "asc" } });
    expect(rows.map(({ name }) => name)).toEqual(["mail", "database"]);
    const { configuration } = await loadConfiguration(database.ctx());
    expect(Object.keys(configuration.systems)).toEqual(["mail", "database"]);
  });

  test("on a dry run shows the difference and changes nothing", async () => {
    const { changes, applied, version } = await apply(textOf(), true);
    expect({ applied, version }).toEqual({ applied: false, version: null });
    expect(changes.length).toBeGreaterThan(20);
    expect(await database.db.system.count()).toBe(0);
    expect(await database.db.auditEvent.count()).toBe(0);
    expect(await findConfiguration(database.ctx())).toBeNull();
  });

  test("without a system keeps its row and history, marked as removed; declared again it is the same one", async () => {
    await apply();
    const before = await database.db.system.findUniqueOrThrow({ where: { name: "mail" } });
    database.clock.advance(60_000);
    const { changes } = await apply(
      JSON.stringify({ ...testEstate(), systems: { database: testEstate().systems.database } }),
    );
    expect(changes.map(({ path }) => path)).toContain("systems.mail.reason");
    const removed = await database.db.system.findUniqueOrThrow({ where: { name: "mail" } });
    expect(removed).toEqual({ ...before, removedAt: database.clock.now() });
    await apply();
    expect(await database.db.system.findUniqueOrThrow({ where: { name: "mail" } })).toMatchObject({
      id: before.id,
      removedAt: null,
    });
  });

  test("without a repository marks it as removed, and a pinned identity survives", async () => {
    await apply();
    await database.db.repository.update({ where: { name: "secondary" }, data: { identity: "pinned" } });
    const alone = (estate: TestEstate) => {
      delete estate.repositories.secondary;
      const { full, log } = estate.systems.database.backup;
      for (const backup of [full, log]) backup.to = ["primary"];
    };
    await apply(textOf(alone));
    const removed = await database.db.repository.findUniqueOrThrow({ where: { name: "secondary" } });
    expect(removed.removedAt).toEqual(database.clock.now());
    await apply();
    expect(await database.db.repository.findUniqueOrThrow({ where: { name: "secondary" } })).toMatchObject({
      removedAt: null,
      identity: "pinned",
    });
  });

  test("holds no secret: neither the rows nor the events", async () => {
    await apply();
    const [row] = await listConfigurations(database.ctx(AUDITOR));
    expect(row?.text).toContain("${DB_PASSWORD}");
    await expect(apply(textOf((estate) => (estate.systems.database.connection.password = "hunter2")))).rejects.toThrow(
      ValidationError,
    );
    const stored = JSON.stringify(await database.db.auditEvent.findMany());
    expect(stored).not.toContain("hunter2");
  });

  test("by several at once ends with one of them, each in a version of its own", async () => {
    const names = ["a", "b", "c"];
    await Promise.all(names.map((name) => apply(textOf((estate) => (estate.project.name = name)))));
    const versions = await listConfigurations(database.ctx(AUDITOR));
    expect(versions.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(await database.db.system.count()).toBe(2);
  });
});

describe("a configuration is refused", () => {
  test("by file and line when it is wrong, and nothing of it is applied", async () => {
    const applying = applyConfiguration(database.ctx(), { text: textOf().replace('"2h"', '"2 h"'), file: "mine.yaml" });
    await expect(applying).rejects.toThrow(/mine\.yaml:1 .*expected a duration/);
    expect(await database.db.configuration.count()).toBe(0);
    expect(await database.db.auditEvent.count()).toBe(0);
  });

  test("when a variable that it names is missing here", async () => {
    const applying = applyConfiguration(database.ctx(), { text: textOf() }, (name) => name !== "DB_PASSWORD");
    await expect(applying).rejects.toThrow(/DB_PASSWORD is not set/);
    expect(await database.db.configuration.count()).toBe(0);
  });

  test("from everybody but an administrator or the machine's shell", async () => {
    for (const actor of [VIEWER, OPERATOR, AUDITOR]) {
      await expect(applyConfiguration(database.ctx(actor), { text: textOf() })).rejects.toThrow(ForbiddenError);
    }
    await expect(applyConfiguration(database.ctx(ANONYMOUS), { text: textOf() })).rejects.toThrow(UnauthenticatedError);
    expect(await database.db.configuration.count()).toBe(0);
    const shell = database.ctx({ kind: "shell", user: "root" });
    await applyConfiguration(shell, { text: textOf() });
    expect((await exportConfiguration(shell)).appliedBy).toBe("shell:root");
  });
});

describe("the applied configuration", () => {
  test("written out and applied again changes nothing", async () => {
    await apply();
    const { text } = await exportConfiguration(database.ctx(AUDITOR));
    expect(await apply(text)).toEqual({ version: 1, applied: false, changes: [] });
    expect(text.indexOf("database:")).toBeLessThan(text.indexOf("mail:"));
  });

  test("is shown to nobody without the right, and there is none before the first", async () => {
    await expect(exportConfiguration(database.ctx(VIEWER))).rejects.toThrow(ForbiddenError);
    await expect(exportConfiguration(database.ctx(AUDITOR))).rejects.toThrow(PreconditionError);
    await expect(loadConfiguration(database.ctx())).rejects.toThrow(/no estate is declared/);
  });

  test("that this version cannot read is told as such, with the place, and can be replaced", async () => {
    const document = { ...testEstate(), objectives: { rto: "4h" }, future: true };
    await database.db.configuration.create({
      data: { document, digest: "x", appliedAt: database.clock.now(), appliedBy: "another version" },
    });
    await expect(loadConfiguration(database.ctx())).rejects.toThrow(/objectives\.rpo/);
    await expect(loadConfiguration(database.ctx())).rejects.toThrow(PreconditionError);
    expect(await apply()).toMatchObject({ applied: true, version: 2 });
  });
});
