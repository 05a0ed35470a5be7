import { Client } from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { newId } from "@/lib/kernel/ids";
import { Prisma } from "./generated/client";
import { type TestDatabase, openTestDatabase } from "./test-database";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test("the migrations make the tables and columns that the schema declares", async () => {
  const models = Object.values(Prisma.ModelName).map((name) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
  const readable = database.db as unknown as Record<string, { findMany(): Promise<unknown[]> }>;
  const answers = await Promise.all(models.map((model) => readable[model]?.findMany()));
  expect(answers).toEqual(models.map(() => []));
});

async function addAuditEvent(): Promise<string> {
  const { now } = database.clock;
  const event = await database.db.auditEvent.create({
    data: {
      id: newId(),
      action: "user.created",
      severity: "info",
      retentionClass: "standard",
      actorKind: "system",
      actorId: "system:test",
      performedBy: "system:test",
      entityType: "user",
      occurredAt: now(),
      receivedAt: now(),
    },
  });
  return event.id;
}

test.each(["UPDATE audit_events SET severity = 'low'", "DELETE FROM audit_events", "TRUNCATE audit_events"])(
  "the database refuses %s, and the event stays as it was",
  async (statement) => {
    const id = await addAuditEvent();
    await expect(database.db.$executeRawUnsafe(statement)).rejects.toThrow(/append-only/);
    expect(await database.db.auditEvent.findUnique({ where: { id } })).toMatchObject({ severity: "info" });
  },
);

test("the audit log cannot be changed by a client that calls itself a replica", async () => {
  const id = await addAuditEvent();
  const change = database.db.$transaction(async (tx) => {
    await tx.$executeRawUnsafe("SET LOCAL session_replication_role = replica");
    await tx.$executeRawUnsafe("DELETE FROM audit_events");
  });
  await expect(change).rejects.toThrow(/append-only/);
  expect(await database.db.auditEvent.count({ where: { id } })).toBe(1);
});

test("a change of a run, its steps or its log notifies the run's id at commit, once a transaction", async () => {
  const listener = new Client({ connectionString: database.databaseUrl });
  await listener.connect();
  onTestFinished(() => listener.end());
  const heard: (string | undefined)[] = [];
  listener.on("notification", (message) => heard.push(`${message.channel} ${message.payload}`));
  await listener.query("LISTEN run");

  const id = newId();
  const at = database.clock.now();
  await database.db.$transaction(async (tx) => {
    await tx.run.create({
      data: { id, kind: "backup", title: "t", state: "queued", startedBy: "s", startedByLabel: "s", queuedAt: at },
    });
    await tx.runLog.create({ data: { runId: id, at, level: "info", message: "one" } });
    await tx.runLog.create({ data: { runId: id, at, level: "info", message: "two" } });
  });
  await database.db.runStep.create({
    data: { id: newId(), runId: id, index: 0, key: "k", title: "t", state: "queued" },
  });
  await database.db.run.update({ where: { id }, data: { state: "running" } });
  await listener.query("SELECT 1"); // notices come before an answer that is asked for later
  expect(heard).toEqual([`run ${id}`, `run ${id}`, `run ${id}`]);
});
