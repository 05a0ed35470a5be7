import { describe, expect, it } from "vitest";
import { guardCell, renderingOf } from "./render-events";
import type { AuditEventView } from "./schemas";

const event = (change: Partial<AuditEventView> = {}): AuditEventView => ({
  id: "0193-1",
  action: "client.viewed",
  severity: "info",
  retentionClass: "24-months",
  actor: { kind: "user", id: "u-1", label: "ann@example.com" },
  entity: { type: "client", id: "4711" },
  correlationId: null,
  ipAddress: "10.0.0.1",
  userAgent: null,
  changes: null,
  metadata: {},
  occurredAt: "2026-03-18T14:22:07.481Z",
  receivedAt: "2026-03-18T14:22:07.593Z",
  ...change,
});

describe("a guarded cell", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "|cmd", "＝1", "＋1", "－1", "＠a"])(
    "begins with an apostrophe where %j would begin a formula",
    (text) => {
      expect(guardCell(text)).toBe(`'${text}`);
    },
  );

  it.each(["", "ann@example.com", "10.0.0.1", "a=b", "{}", "'=1"])("is %j as it is", (text) => {
    expect(guardCell(text)).toBe(text);
  });
});

describe("CSV", () => {
  const { head, page } = renderingOf("csv");

  it("names its columns once and ends each record with CRLF", () => {
    expect(head).toBe(
      "id,received_at,occurred_at,action,severity,retention_class,actor_kind,actor_id,performed_by,entity_type,entity_id," +
        "ip_address,user_agent,correlation_id,changes,metadata\r\n",
    );
    expect(page([event()], true)).toBe(
      "0193-1,2026-03-18T14:22:07.593Z,2026-03-18T14:22:07.481Z,client.viewed,info,24-months,user,u-1,ann@example.com," +
        "client,4711,10.0.0.1,,,,{}\r\n",
    );
    expect(page([], true)).toBe("");
  });

  it("quotes commas, quotes and every kind of line break, and guards formulas in every column", () => {
    const text = page(
      [
        event({
          userAgent: 'a,"b"',
          correlationId: "x\ny",
          ipAddress: "x\ry",
          entity: { type: "client", id: "=cmd|' /C calc'!A1" },
        }),
      ],
      true,
    );
    expect(text).toContain('"a,""b"""');
    expect(text).toContain('"x\ny"');
    expect(text).toContain('"x\ry"');
    expect(text).toContain(",'=cmd|' /C calc'!A1,");
  });

  it("keeps changes and metadata as JSON in one cell", () => {
    expect(page([event({ changes: { before: null, after: { a: 1 } }, metadata: { b: "c" } })], true)).toContain(
      '"{""before"":null,""after"":{""a"":1}}","{""b"":""c""}"\r\n',
    );
  });
});

describe("NDJSON and JSON", () => {
  it("hold one event a line, as it is, unguarded", () => {
    const odd = event({ userAgent: "=1\n2" });
    expect(JSON.parse(renderingOf("ndjson").page([odd], true))).toEqual(odd);
    expect(renderingOf("ndjson").page([odd, odd], false).split("\n")).toHaveLength(3);
  });

  it("is one array over any number of pages, none included", () => {
    const { head, page, tail } = renderingOf("json");
    const one = event();
    expect(JSON.parse(head + tail)).toEqual([]);
    expect(JSON.parse(head + page([one, one], true) + page([one], false) + tail)).toEqual([one, one, one]);
  });
});
