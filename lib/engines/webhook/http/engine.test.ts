import { type IncomingHttpHeaders, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signHmac } from "@/lib/kernel/crypto";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import { createWebhook } from "./engine";

const signal = new AbortController().signal;
const SECRET = "a-shared-secret";
const MESSAGE = { id: "0193-id", body: '{"event":"alert.raised"}', at: new Date("2026-11-23T10:00:00.700Z") };
let server: Server;
let origin: string;
const received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const path = request.url ?? "";
      received.push({ path, headers: request.headers, body });
      const status = Number(/^\/status\/(\d+)/.exec(path)?.[1]);
      if (path.startsWith("/silent")) return;
      if (path === "/moved") response.writeHead(307, { location: "/taken" }).end();
      else response.writeHead(status || 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const hook = (path: string, timeoutMs = 5_000) =>
  createWebhook({ url: new Secret(`${origin}${path}`), secret: new Secret(SECRET), timeoutMs });

async function failureOf(path: string, timeoutMs?: number): Promise<EngineError> {
  const error: unknown = await hook(path, timeoutMs)
    .post(MESSAGE, { signal })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describe("a webhook", () => {
  test("carries JSON, its id, and a signature that its receiver can compute", async () => {
    expect(await hook("/taken").post(MESSAGE, { signal })).toEqual({ answer: "204 No Content" });
    const { headers, body } = received.at(-1) ?? { headers: {} as IncomingHttpHeaders, body: "" };
    expect(body).toBe(MESSAGE.body);
    expect(headers).toMatchObject({ "content-type": "application/json", "idempotency-key": MESSAGE.id });
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["holdfast-signature"])) ?? [];
    expect(Number(t)).toBe(Date.parse("2026-11-23T10:00:00Z") / 1_000);
    expect(v1).toBe(signHmac(SECRET, `${t ?? ""}.${body}`));
  });

  test.each([
    [500, false],
    [503, false],
    [429, false],
    [408, false],
    [400, true],
    [401, true],
    [404, true],
    [410, true],
  ])("that answers %d was not taken; it would say so again: %s", async (status, permanent) => {
    expect(await failureOf(`/status/${status}`)).toMatchObject({
      permanent,
      message: expect.stringContaining(`answered ${status}`) as string,
    });
  });

  test("that moved is not followed: the body goes to the declared address alone", async () => {
    const before = received.length;
    const error = await failureOf("/moved");
    expect(error).toMatchObject({ permanent: true, hint: expect.stringContaining("redirects") as string });
    expect(received.slice(before).map(({ path }) => path)).toEqual(["/moved"]);
  });

  test("that says nothing is given up on, and the token in its address is not named", async () => {
    const error = await failureOf("/silent/verysecret?token=verysecret", 100);
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("within 100 ms") as string });
    expect(error.message).toContain(origin);
    expect(JSON.stringify([error.message, error.hint, error.cause])).not.toContain("verysecret");
  });

  test("of a receiver that does not run may be tried again", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const url = new Secret(`http://127.0.0.1:${port}/verysecret`);
    const posted = createWebhook({ url, secret: new Secret(SECRET) }).post(MESSAGE, { signal });
    await expect(posted).rejects.toMatchObject({
      permanent: false,
      message: expect.stringContaining("refused") as string,
    });
    await expect(posted).rejects.not.toMatchObject({ message: expect.stringContaining("verysecret") as string });
  });

  test("is not called once the signal is aborted, and left when it is aborted later", async () => {
    const before = received.length;
    await expect(hook("/taken").post(MESSAGE, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
    expect(received).toHaveLength(before);
    const stopping = new AbortController();
    const posting = hook("/silent").post(MESSAGE, { signal: stopping.signal });
    setTimeout(() => stopping.abort(), 50);
    await expect(posting).rejects.toBeInstanceOf(CancelledError);
  });
});
