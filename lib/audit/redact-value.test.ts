import { describe, expect, it } from "vitest";
import { Secret } from "@/lib/kernel/secret";
import { comparableValue, redactValue } from "./redact-value";

describe("a stored value", () => {
  it("holds no secret that its key names", () => {
    const stored = redactValue({
      password: "one",
      db_password: "two",
      passwordHash: "three",
      secretAccessKey: "four",
      apiKey: "five",
      nested: [{ authorization: "Bearer six", cookie: "seven", privatePem: "eight" }],
      token: 9,
      secrets: { list: ["ten"] },
    });
    expect(JSON.stringify(stored)).not.toMatch(/one|two|three|four|five|six|seven|eight|9|ten/);
  });

  it("keeps names of secrets, ids and what only sounds like one", () => {
    const kept = {
      password: "${DB_PASSWORD}",
      keyId: "k-1",
      identityFile: "/etc/identity.txt",
      secretsFingerprint: "ab12",
      tokenCount: 3,
      identity: "repository-7",
      secret: null,
    };
    expect(redactValue(kept)).toEqual(kept);
  });

  it("holds no secret that its look gives away", () => {
    const stored = JSON.stringify(
      redactValue({
        url: "postgres://holdfast:hunter2@db:5432/x",
        pem: "a -----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY----- b",
        cut: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn",
        age: "AGE-SECRET-KEY-1QQQQ",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
      }),
    );
    expect(stored).not.toMatch(/hunter2|MC4CAQ|b3Blbn|1QQQQ|c2FsdA/);
    expect(stored).toContain("postgres://holdfast:[secret]@db:5432/x");
  });

  it("holds no revealed Secret under any key", () => {
    expect(redactValue({ note: new Secret("hunter2") })).toEqual({ note: "[secret]" });
  });

  it("is plain JSON that PostgreSQL stores", () => {
    expect(
      redactValue({
        at: new Date("2026-11-23T03:14:07Z"),
        size: 12n,
        rate: Number.NaN,
        gone: undefined,
        call: () => 1,
        bytes: new Uint8Array([1]),
        list: [undefined, "a\u0000b", "\ud800"],
      }),
    ).toEqual({
      at: "2026-11-23T03:14:07.000Z",
      size: "12",
      rate: null,
      bytes: "[binary]",
      list: [null, "a\uFFFDb", "\uFFFD"],
    });
    expect(redactValue(undefined)).toBeNull();
  });

  it("is refused when it has no end", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => redactValue(loop)).toThrow("nested deeper than 20 levels");
  });
});

describe("a compared value", () => {
  it("tells two secrets apart that are stored alike", () => {
    expect(comparableValue({ password: new Secret("a") })).not.toEqual(comparableValue({ password: new Secret("b") }));
    expect(comparableValue({ password: "a" })).not.toEqual(comparableValue({ password: "b" }));
    expect(comparableValue({ a: 1, b: undefined })).toEqual(comparableValue({ a: 1 }));
  });
});
