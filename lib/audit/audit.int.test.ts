import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deriveCtx } from "@/lib/db/context";
import {
  ADMINISTRATOR,
  ANONYMOUS,
  AUDITOR,
  OPERATOR,
  type TestDatabase,
  VIEWER,
  openTestDatabase,
  systemActor,
} from "@/lib/db/test-database";
import { ForbiddenError, NotFoundError, UnauthenticatedError, ValidationError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { Secret } from "@/lib/kernel/secret";
import type { Actor } from "@/lib/kernel/actor";
import type { NewAuditEvent } from ".";
import { countFacets, countHistogram, exportEvents, getEvent, listEvents, recordAudit } from ".";

let database: TestDatabase;
let reader: ReturnType<TestDatabase["ctx"]>;
let tenantId: string;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  // The log cannot be emptied, so each test writes in a tenant of its own.
  tenantId = newId();
  database.clock.set("2026-11-23T10:00:00Z");
  reader = deriveCtx(database.ctx(AUDITOR), { tenantId });
});

const VIEWED: NewAuditEvent = { action: "client.viewed", entity: { type: "client", id: "4711" } };

async function record(
  event: Partial<NewAuditEvent> = {},
  actor: Actor = OPERATOR,
  ipAddress?: string,
): Promise<string> {
  const ctx = deriveCtx(database.ctx(actor), { tenantId, ...(ipAddress ? { origin: { ipAddress } } : {}) });
  const id = await ctx.transaction((tx) => recordAudit(tx, ctx, { ...VIEWED, ...event }));
  expect(id).not.toBeNull();
  return id ?? "";
}

const idsOf = async (query: string, bounds: { from?: string; to?: string } = {}) =>
  (await listEvents(reader, { query, ...bounds })).events.map(({ id }) => id);

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text;
}

describe("recordAudit", () => {
  it("keeps who, what, when, where from and what changed", async () => {
    const occurredAt = new Date("2026-11-23T09:59:00Z");
    const id = await record({
      action: "client.updated",
      changes: { before: { name: "a" }, after: { name: "b" } },
      metadata: { via: "form" },
      occurredAt,
    });
    expect(await getEvent(reader, { id })).toMatchObject({
      id,
      action: "client.updated",
      severity: "info",
      retentionClass: "24-months",
      actor: { kind: "user", label: "operator@example.com" },
      entity: { type: "client", id: "4711" },
      ipAddress: "192.0.2.7",
      userAgent: "vitest",
      changes: { before: { name: "a" }, after: { name: "b" } },
      metadata: { via: "form" },
      occurredAt: occurredAt.toISOString(),
      receivedAt: "2026-11-23T10:00:00.000Z",
    });
  });

  it("takes severity and retention from the catalogue; a caller may only raise the severity", async () => {
    const raised = await record({ severity: "critical" });
    const lowered = await record({ action: "backup.failed", severity: "info" });
    expect(await getEvent(reader, { id: raised })).toMatchObject({ severity: "critical", retentionClass: "24-months" });
    expect(await getEvent(reader, { id: lowered })).toMatchObject({
      severity: "critical",
      retentionClass: "24-months",
    });
  });

  it("writes nothing for a change that changed nothing, and an event for a secret that changed", async () => {
    const ctx = deriveCtx(database.ctx(), { tenantId });
    const change = (before: unknown, after: unknown) =>
      ctx.transaction((tx) =>
        recordAudit(tx, ctx, { ...VIEWED, action: "configuration.changed", changes: { before, after } }),
      );
    expect(await change({ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1, d: undefined })).toBeNull();
    expect(await change({ password: new Secret("one") }, { password: new Secret("two") })).not.toBeNull();
    const { events } = await listEvents(reader);
    expect(events).toHaveLength(1);
    expect(events[0]?.changes).toEqual({ before: { password: "[secret]" }, after: { password: "[secret]" } });
  });

  it("goes back with the transaction, and takes the transaction back when it fails", async () => {
    const ctx = deriveCtx(database.ctx(), { tenantId });
    const cancelled = ctx.transaction(async (tx) => {
      await recordAudit(tx, ctx, VIEWED);
      throw new Error("the action failed");
    });
    await expect(cancelled).rejects.toThrow("the action failed");
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const unrecorded = ctx.transaction(async (tx) => {
      await tx.repository.create({
        data: { id: newId(), name: `r-${tenantId}`, kind: "directory", location: "/r", createdAt: ctx.now() },
      });
      await recordAudit(tx, ctx, { ...VIEWED, metadata: loop });
    });
    await expect(unrecorded).rejects.toThrow("nested deeper");
    expect(await database.db.repository.count({ where: { name: `r-${tenantId}` } })).toBe(0);
    expect((await listEvents(reader)).events).toEqual([]);
  });

  it("stores text that PostgreSQL would refuse", async () => {
    const id = await record({ entity: { type: "client", id: "a\u0000b" }, metadata: { text: "\ud800" } });
    expect(await getEvent(reader, { id })).toMatchObject({ entity: { id: "a\uFFFDb" }, metadata: { text: "\uFFFD" } });
  });

  it("cannot be undone: the database refuses UPDATE, DELETE and TRUNCATE", async () => {
    await record();
    for (const statement of [
      "UPDATE audit_events SET severity = 'info'",
      "DELETE FROM audit_events",
      "TRUNCATE audit_events",
    ]) {
      await expect(database.db.$executeRawUnsafe(statement)).rejects.toThrow("append-only");
    }
  });
});

describe("listEvents", () => {
  it("filters by every field, alone and together", async () => {
    const viewed = await record({}, OPERATOR, "10.0.0.1");
    database.clock.advance(1_000);
    const exported = await record(
      { action: "client.exported", entity: { type: "client", id: "99" } },
      ADMINISTRATOR,
      "10.0.0.2",
    );
    database.clock.advance(1_000);
    const failed = await record(
      { action: "backup.failed", entity: { type: "backup" } },
      systemActor("backup.run"),
      "192.168.7.7",
    );
    expect(await idsOf("")).toEqual([failed, exported, viewed]);
    expect(await idsOf("action:client.viewed")).toEqual([viewed]);
    expect(await idsOf("action:client.*")).toEqual([exported, viewed]);
    expect(await idsOf("action:client.viewed action:backup.failed")).toEqual([failed, viewed]);
    expect(await idsOf("-action:client.*")).toEqual([failed]);
    expect(await idsOf("action:client_viewed")).toEqual([]);
    expect(await idsOf("severity:>=high")).toEqual([failed, exported]);
    expect(await idsOf("-severity:critical")).toEqual([exported, viewed]);
    expect(await idsOf("actor:OPERATOR@example.com")).toEqual([viewed]);
    expect(await idsOf("actor:oper*")).toEqual([viewed]);
    expect(await idsOf("actor:system:backup.run")).toEqual([failed]);
    expect(await idsOf(`actor:${ADMINISTRATOR.kind === "user" ? ADMINISTRATOR.id.toUpperCase() : ""}`)).toEqual([
      exported,
    ]);
    expect(await idsOf("entity:client")).toEqual([exported, viewed]);
    expect(await idsOf("entity:client/*")).toEqual([exported, viewed]);
    expect(await idsOf("entity:client/4711")).toEqual([viewed]);
    expect(await idsOf("-entity:client/4711")).toEqual([failed, exported]);
    expect(await idsOf("ip:10.0.0.*")).toEqual([exported, viewed]);
    expect(await idsOf("ip:10.0.0.2 severity:high")).toEqual([exported]);
    const { correlationId } = await getEvent(reader, { id: viewed });
    expect(await idsOf(`correlation:${correlationId}`)).toEqual([viewed]);
  });

  it("takes LIKE's own characters as they are", async () => {
    const id = await record({ entity: { type: "client", id: "50%_off\\" } });
    await record({ entity: { type: "client", id: "50X_off" } });
    expect(await idsOf("entity:client/50%_*")).toEqual([id]);
    expect(await idsOf('entity:"client/50%_off\\\\"')).toEqual([id]);
  });

  it("bounds the time of receipt: from is inclusive, to is not, a date is its whole day", async () => {
    const at = async (instant: string) => {
      database.clock.set(instant);
      return record();
    };
    const before = await at("2026-03-15T23:59:59.999Z");
    const first = await at("2026-03-16T00:00:00.000Z");
    const last = await at("2026-03-20T23:59:59.999Z");
    const after = await at("2026-03-21T00:00:00.000Z");
    expect(await idsOf("from:2026-03-16 to:2026-03-20")).toEqual([last, first]);
    expect(await idsOf("", { from: "2026-03-16", to: "2026-03-20" })).toEqual([last, first]);
    expect(await idsOf("from:2026-03-20", { from: "2026-03-16" })).toEqual([after, last, first]);
    expect(await idsOf("to:2026-03-16T00:00:00Z")).toEqual([before]);
    expect(await idsOf("from:-24h")).toEqual([after, last]);
  });

  it("pages through every event once, also those of the same instant and with new ones coming in", async () => {
    const expected = [];
    for (let i = 0; i < 25; i += 1) {
      if (i % 10 === 0) database.clock.advance(1);
      expected.unshift(await record());
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await listEvents(reader, { query: "action:client.*", limit: 4, ...(cursor ? { cursor } : {}) });
      seen.push(...page.events.map(({ id }) => id));
      cursor = page.nextCursor;
      database.clock.advance(1);
      await record();
    } while (cursor);
    expect(seen).toEqual(expected);
  });

  it("refuses a cursor of another filter and what is no cursor", async () => {
    await record();
    await record();
    const { nextCursor } = await listEvents(reader, { limit: 1 });
    expect(nextCursor).not.toBeNull();
    await expect(listEvents(reader, { query: "severity:high", cursor: nextCursor ?? "" })).rejects.toThrow(
      "another filter",
    );
    await expect(listEvents(reader, { cursor: "e30" })).rejects.toThrow(ValidationError);
    await expect(listEvents(reader, { cursor: "nonsense" })).rejects.toThrow(ValidationError);
    await expect(listEvents(reader, { limit: 201 })).rejects.toThrow("200");
  });

  it("shows nothing of another tenant, by list, id, facet or export", async () => {
    const id = await record();
    const other = deriveCtx(reader, { tenantId: newId() });
    expect((await listEvents(other)).events).toEqual([]);
    await expect(getEvent(other, { id })).rejects.toThrow(NotFoundError);
    expect((await countFacets(other)).total).toBe(0);
    expect(await textOf((await exportEvents(other, { format: "ndjson" })).body)).toBe("");
  });

  it("is for auditors and administrators alone, as are all other ways in", async () => {
    const id = await record();
    for (const actor of [VIEWER, OPERATOR]) {
      const ctx = database.ctx(actor);
      await expect(listEvents(ctx)).rejects.toThrow(ForbiddenError);
      await expect(getEvent(ctx, { id })).rejects.toThrow(ForbiddenError);
      await expect(countFacets(ctx)).rejects.toThrow(ForbiddenError);
      await expect(countHistogram(ctx)).rejects.toThrow(ForbiddenError);
      await expect(exportEvents(ctx, { format: "csv" })).rejects.toThrow(ForbiddenError);
    }
    await expect(listEvents(database.ctx(ANONYMOUS))).rejects.toThrow(UnauthenticatedError);
  });
});

describe("countFacets", () => {
  it("counts under the present filter, most frequent first", async () => {
    for (let i = 0; i < 3; i += 1) await record();
    await record({ action: "client.exported" }, ADMINISTRATOR);
    await record({ action: "backup.failed", entity: { type: "backup" } });
    expect(await countFacets(reader, { query: "entity:client" })).toEqual({
      total: 4,
      isCapped: false,
      facets: {
        action: {
          values: [
            { value: "client.viewed", count: 3 },
            { value: "client.exported", count: 1 },
          ],
          otherCount: 0,
        },
        actor: {
          values: [
            { value: "operator@example.com", count: 3 },
            { value: "administrator@example.com", count: 1 },
          ],
          otherCount: 0,
        },
        severity: {
          values: [
            { value: "info", count: 3 },
            { value: "high", count: 1 },
          ],
          otherCount: 0,
        },
        entity: { values: [{ value: "client", count: 4 }], otherCount: 0 },
      },
    });
  });

  it("names twenty values and counts the others together", async () => {
    for (let i = 0; i < 22; i += 1) await record({}, { kind: "shell", user: `u${i}` });
    const { facets } = await countFacets(reader);
    expect(facets.actor.values).toHaveLength(20);
    expect(facets.actor.otherCount).toBe(2);
  });
});

describe("countHistogram", () => {
  it("counts per stretch of time and severity, without holes", async () => {
    database.clock.set("2026-11-20T12:00:00Z");
    await record();
    database.clock.set("2026-11-22T12:00:00Z");
    await record();
    await record({ action: "backup.failed" });
    const view = await countHistogram(reader, { from: "2026-11-19", to: "2026-11-22", buckets: 5 });
    expect(view).toMatchObject({
      from: "2026-11-19T00:00:00.000Z",
      to: "2026-11-23T00:00:00.000Z",
      bucketSeconds: 86_400,
    });
    expect(view.buckets.map(({ at, counts }) => [at.slice(0, 10), counts.info, counts.critical])).toEqual([
      ["2026-11-19", 0, 0],
      ["2026-11-20", 1, 0],
      ["2026-11-21", 0, 0],
      ["2026-11-22", 1, 1],
    ]);
  });

  it("reaches from the first matching event to now where the filter is open", async () => {
    database.clock.set("2026-11-23T09:00:30Z");
    await record();
    database.clock.set("2026-11-23T10:00:00Z");
    const view = await countHistogram(reader, { buckets: 10 });
    expect(view.from).toBe("2026-11-23T09:00:30.000Z");
    expect(view.buckets.reduce((sum, { counts }) => sum + counts.info, 0)).toBe(1);
    expect(view.buckets.length).toBeLessThanOrEqual(10);
  });

  it("is one empty bucket for an empty log", async () => {
    expect((await countHistogram(reader)).buckets).toEqual([
      { at: "2026-11-23T10:00:00.000Z", counts: { info: 0, warning: 0, high: 0, critical: 0 } },
    ]);
  });
});

describe("exportEvents", () => {
  it("hands out the filtered view, oldest first, and says so in two events that are not in it", async () => {
    const first = await record();
    const second = await record({ metadata: { formula: "=1" }, entity: { type: "client", id: "=1+1" } });
    await record({ action: "backup.failed" });
    const run = await exportEvents(reader, { query: "action:client.*", format: "csv", to: "2026-11-30" });
    const text = await textOf(run.body);
    const lines = text.trimEnd().split("\r\n");
    expect(lines.slice(1).map((line) => line.slice(0, 36))).toEqual([first, second]);
    expect(lines[2]).toContain(",'=1+1,");
    expect(run.fileName).toBe("audit-20261123T100000Z.csv");
    const { events } = await listEvents(reader, { query: "action:audit.*" });
    const request = { query: "action:client.* to:2026-11-30", format: "csv", until: "2026-11-23T10:00:00.000Z" };
    expect(events).toMatchObject([
      {
        action: "audit.exported",
        severity: "high",
        entity: { type: "audit-export", id: run.id },
        metadata: { ...request, ...run.summary() },
      },
      { action: "audit.export-started", entity: { id: run.id }, metadata: request },
    ]);
    expect(run.summary()).toMatchObject({ rows: 2, isComplete: true, sizeBytes: Buffer.byteLength(text) });
  });

  it("leaves out what comes in while it runs, its own events too", async () => {
    for (let i = 0; i < 3; i += 1) await record();
    const run = await exportEvents(reader, { format: "ndjson" });
    database.clock.advance(1);
    await record();
    expect((await textOf(run.body)).trimEnd().split("\n")).toHaveLength(3);
  });

  it("is on record as cut when its reader goes away", async () => {
    for (let i = 0; i < 3; i += 1) await record();
    const run = await exportEvents(reader, { format: "csv" });
    for await (const chunk of run.body) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
    const [event] = (await listEvents(reader, { query: "action:audit.exported" })).events;
    expect(event?.metadata).toMatchObject({ isComplete: false, rows: 0 });
  });

  it("does not begin when its event cannot be written", async () => {
    await record();
    const deaf = deriveCtx(reader, { transaction: () => Promise.reject(new Error("the log is full")) });
    await expect(exportEvents(deaf, { format: "csv" })).rejects.toThrow("the log is full");
  });

  it("of an empty filter is an empty file of its format", async () => {
    const export_ = async (format: "csv" | "ndjson" | "json") =>
      textOf((await exportEvents(reader, { query: "action:nothing", format })).body);
    expect(JSON.parse(await export_("json"))).toEqual([]);
    expect(await export_("ndjson")).toBe("");
    expect((await export_("csv")).split("\r\n")).toHaveLength(2);
  });
});
