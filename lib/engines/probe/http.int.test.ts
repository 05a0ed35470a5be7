import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { createHttpProbe } from "./http";

const probe = createHttpProbe();
const signal = new AbortController().signal;
let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    switch ((request.url ?? "").split("?", 1).join("")) {
      case "/health":
        response.writeHead(request.method === "POST" ? 201 : 200).end("fine");
        return;
      case "/moved":
        response.writeHead(302, { location: "/health" }).end();
        return;
      case "/broken":
        response.writeHead(200, { "content-length": "100" }).write("half");
        response.socket?.end();
        return;
      case "/silent":
        return;
      default:
        response.writeHead(500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function failureOf(url: string, timeoutMs = 5_000): Promise<EngineError> {
  const error = await probe.ask({ method: "GET", url, status: 200 }, { signal, timeoutMs }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describe("an answer", () => {
  test("is ok when its status is the declared one, whatever that is", async () => {
    const get = await probe.ask({ method: "GET", url: `${origin}/health`, status: 200 }, { signal });
    expect(get).toMatchObject({ status: 200, ok: true });
    expect(get.durationMs).toBeGreaterThan(0);
    const post = await probe.ask({ method: "POST", url: `${origin}/health`, status: 201 }, { signal });
    expect(post).toMatchObject({ status: 201, ok: true });
  });

  test("of another status is an outcome, not an error", async () => {
    const answer = await probe.ask({ method: "GET", url: `${origin}/absent`, status: 200 }, { signal });
    expect(answer).toMatchObject({ status: 500, ok: false });
  });

  test("that redirects is not followed", async () => {
    const answer = await probe.ask({ method: "GET", url: `${origin}/moved`, status: 302 }, { signal });
    expect(answer).toMatchObject({ status: 302, ok: true });
  });
});

describe("no answer", () => {
  test("in time is an error that may pass, without the query, which may hold a secret", async () => {
    const error = await failureOf(`${origin}/silent?token=verysecret`, 100);
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("within 100 ms") });
    expect(error.message).toContain("/silent");
    expect(error.message).not.toContain("verysecret");
  });

  test("by a server that does not run is an error that may pass", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const error = await failureOf(`http://127.0.0.1:${port}/`);
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("the connection is refused") });
  });

  test("that is whole counts as none", async () => {
    expect((await failureOf(`${origin}/broken`)).message).toContain("broke off");
  });

  test("can come from an address that is not one", async () => {
    for (const url of ["not an address", "ftp://127.0.0.1/", "http://user:verysecret@127.0.0.1/"]) {
      const error = await failureOf(url);
      expect(error.permanent, url).toBe(true);
      expect(error.message).not.toContain("verysecret");
    }
  });

  test("is waited for once the check is stopped", async () => {
    const controller = new AbortController();
    const asked = probe.ask({ method: "GET", url: `${origin}/silent`, status: 200 }, { signal: controller.signal });
    controller.abort();
    await expect(asked).rejects.toBeInstanceOf(CancelledError);
  });
});
