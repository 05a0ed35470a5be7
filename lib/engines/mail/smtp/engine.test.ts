import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, describe, expect, test } from "vitest";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import { describeMailContract, message } from "../contract";
import type { SmtpConfig } from "./config";
import { createSmtpMailer } from "./engine";

const signal = new AbortController().signal;
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
});

interface Mail {
  to: string;
  messageId: string;
  subject: string;
  text: string;
}

function refusal(code: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode: code });
}

/** A real SMTP server on loopback. */
async function startServer(options: SMTPServerOptions = {}): Promise<{ port: number; inbox: Mail[] }> {
  const inbox: Mail[] = [];
  const server = new SMTPServer({
    logger: false,
    disabledCommands: ["AUTH", "STARTTLS"],
    onRcptTo: ({ address }, _, answer) => {
      if (address.startsWith("refused@")) return answer(refusal(550, "no such user here"));
      if (address.startsWith("busy@")) return answer(refusal(450, "greylisted, try again later"));
      answer();
    },
    onData: (stream, session, answer) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        for (const { address } of session.envelope.rcptTo) inbox.push(readMail(address, Buffer.concat(chunks)));
        answer(null, "queued as 4711");
      });
    },
    ...options,
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  server.on("error", () => undefined); // A client that leaves in the middle is part of the tests.
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, inbox };
}

function readMail(to: string, source: Buffer): Mail {
  const [head = "", ...rest] = source.toString("utf8").split("\r\n\r\n");
  const header = (name: string) => new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)$`, "im").exec(head)?.[1] ?? "";
  const body = rest.join("\r\n\r\n");
  const text = /quoted-printable/i.test(header("Content-Transfer-Encoding")) ? decodeQuoted(body) : body;
  return {
    to,
    messageId: header("Message-ID").replaceAll(/[<>]/g, ""),
    subject: header("Subject"),
    text: text.replaceAll("\r\n", "\n"),
  };
}

function decodeQuoted(text: string): string {
  const bytes = text.replaceAll("=\r\n", "").replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => `%${hex}`);
  return decodeURIComponent(bytes.replaceAll(/%(?![0-9A-F]{2})/g, "%25"));
}

const mailerOf = (port: number, change: Partial<SmtpConfig> = {}) =>
  createSmtpMailer({ host: "127.0.0.1", port, isSecure: false, isTlsRequired: false, timeoutMs: 5_000, ...change });

async function failureOf(port: number, change: Partial<SmtpConfig> = {}): Promise<EngineError> {
  const error: unknown = await mailerOf(port, change)
    .send(message(), { signal })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describeMailContract("smtp", async () => {
  const { port, inbox } = await startServer();
  return { mailer: mailerOf(port), inbox: () => inbox, refused: "refused@example.com", busy: "busy@example.com" };
});

describe("a server", () => {
  test("that takes the mail says so in words that are kept", async () => {
    const { port } = await startServer();
    expect(await mailerOf(port).send(message(), { signal })).toEqual({ answer: "250 queued as 4711" });
  });

  test("that does not run is an error that may pass", async () => {
    const gone = await startTcp(() => undefined);
    await new Promise<void>((resolve) => void gone.server.close(() => resolve()));
    expect(await failureOf(gone.port)).toMatchObject({
      permanent: false,
      message: expect.stringContaining("the connection is refused") as string,
    });
  });

  test("that greets nobody is given up on in time", async () => {
    const { port } = await startTcp(() => undefined);
    expect(await failureOf(port, { timeoutMs: 200 })).toMatchObject({
      permanent: false,
      message: expect.stringContaining("in time") as string,
    });
  });

  test("that hangs up in the middle is an error that may pass", async () => {
    const { port } = await startTcp((socket) => socket.write("220 hello\r\n", () => socket.destroy()));
    expect((await failureOf(port)).permanent).toBe(false);
  });

  test("that is slow is left when the mail is stopped", async () => {
    const { port } = await startTcp(() => undefined);
    const stopping = new AbortController();
    const sending = mailerOf(port).send(message(), { signal: stopping.signal });
    setTimeout(() => stopping.abort(), 50);
    await expect(sending).rejects.toBeInstanceOf(CancelledError);
  });
});

describe("TLS", () => {
  test("that is required and not offered keeps the mail here", async () => {
    const { port, inbox } = await startServer();
    const error = await failureOf(port, { isTlsRequired: true });
    expect(error).toMatchObject({ permanent: true });
    expect(error.hint).toContain("STARTTLS");
    expect(inbox).toEqual([]);
  });

  test("by a certificate that nobody vouches for is refused", async () => {
    const { port, inbox } = await startServer({ disabledCommands: ["AUTH"] });
    expect(await failureOf(port, { isTlsRequired: true })).toMatchObject({
      permanent: true,
      message: expect.stringMatching(/the certificate (is not trusted|has expired)/) as string,
    });
    expect(inbox).toEqual([]);
  });

  test("is left out on this machine's own relay unless it is asked for", async () => {
    const { port, inbox } = await startServer({ disabledCommands: ["AUTH"] });
    await mailerOf(port).send(message(), { signal });
    expect(inbox).toHaveLength(1);
  });
});

describe("a password", () => {
  const account = {
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, answer) =>
      username === "ops" && password === "hunter2"
        ? answer(null, { user: username })
        : answer(refusal(535, `bad password ${password ?? ""}`)),
  } satisfies SMTPServerOptions;

  test("opens the server, and a wrong one is refused for good without being named", async () => {
    const { port, inbox } = await startServer(account);
    await mailerOf(port, { user: "ops", password: new Secret("hunter2") }).send(message(), { signal });
    expect(inbox).toHaveLength(1);
    const error = await failureOf(port, { user: "ops", password: new Secret("verysecret") });
    expect(error.permanent).toBe(true);
    expect(JSON.stringify([error.message, error.hint, error.cause])).not.toContain("verysecret");
  });

  test("never crosses a wire without TLS", async () => {
    const { port, inbox } = await startServer(account);
    // An address of this machine that does not look like one: to the mailer it is another machine.
    const host = "::ffff:127.0.0.1";
    const error = await failureOf(port, { host, user: "ops", password: new Secret("hunter2") });
    expect(error).toMatchObject({ permanent: true, hint: expect.stringContaining("STARTTLS") as string });
    expect(inbox).toEqual([]);
  });
});

async function startTcp(onConnection: (socket: Socket) => unknown): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return { server, port: (server.address() as AddressInfo).port };
}
