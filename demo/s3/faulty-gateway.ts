import {
  type ClientRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  request as forward,
} from "node:http";
import type { AddressInfo } from "node:net";
import { slowDown } from "./slow-down";

/** What becomes of one request. `deaf`: it is never answered. `refuse`: an S3 error without asking the store.
 *  The connection stays awake with the three that only take their time: nobody gives them up by a time limit. */
export type Fault =
  | { kind: "pass" }
  | { kind: "deaf" }
  /** The connection is cut. */
  | { kind: "drop" }
  | { kind: "cut-answer"; afterBytes: number }
  /** The connection is cut once so many bytes of the request's body went on to the store. */
  | { kind: "cut-request"; afterBytes: number }
  /** Both bodies go on at so many bytes a second. */
  | { kind: "slow"; bytesPerSecond: number }
  /** After so many bytes of the answer comes one a second. */
  | { kind: "drip-answer"; afterBytes: number }
  /** The store never gets it. */
  | { kind: "hold-request" }
  /** The store does it, and nobody is told. */
  | { kind: "hold-answer" }
  /** The store does it, but its answer is lost. */
  | { kind: "lose-answer" }
  /** One bit of the request's body arrives as another. */
  | { kind: "flip-bit" }
  | { kind: "refuse"; status: number; code: string }
  /** It is answered as done, and the store never gets it. */
  | { kind: "ignore" };

export interface FaultyGateway {
  endpoint: string;
  /** `METHOD /path?query` of every request so far. */
  requests: string[];
  close(): Promise<void>;
}

/** Stands before a store on loopback and lets single requests go wrong. */
export async function startFaultyGateway(
  target: { port: number },
  faultOf: (request: string) => Fault,
): Promise<FaultyGateway> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const line = `${request.method ?? ""} ${request.url ?? ""}`;
    requests.push(line);
    answer({ request, response, port: target.port, fault: faultOf(line) });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => closeAll(server),
  };
}

function answer(exchange: { request: IncomingMessage; response: ServerResponse; port: number; fault: Fault }): void {
  const { request, response, port, fault } = exchange;
  if (fault.kind === "drop") {
    request.socket.destroy();
    return;
  }
  if (fault.kind === "deaf" || fault.kind === "hold-request") {
    request.resume();
    if (fault.kind === "hold-request") stayAwake(response, () => response.writeProcessing());
    return;
  }
  if (fault.kind === "ignore") {
    request.resume().once("end", () => response.writeHead(200, { "content-length": 0 }).end());
    return;
  }
  if (fault.kind === "refuse") {
    request.resume().once("end", () => {
      response.writeHead(fault.status, { "content-type": "application/xml" });
      response.end(`<?xml version="1.0"?><Error><Code>${fault.code}</Code><RequestId>r-1</RequestId></Error>`);
    });
    return;
  }
  const { method, url: path, headers } = request;
  const upstream = forward({ host: "127.0.0.1", port, method, path, headers }, (reply) => {
    if (fault.kind === "lose-answer") {
      reply.resume().once("end", () => request.socket.destroy());
      return;
    }
    if (fault.kind === "hold-answer") {
      reply.resume();
      stayAwake(response, () => response.writeProcessing());
      return;
    }
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    if (fault.kind === "cut-answer" || fault.kind === "drip-answer") giveBeginning(reply, response, fault);
    else if (fault.kind === "slow") slowDown(reply, response, fault.bytesPerSecond);
    else reply.pipe(response);
  });
  upstream.once("error", () => response.destroy());
  response.once("close", () => upstream.destroy());
  sendBody(request, upstream, fault);
}

function sendBody(request: IncomingMessage, upstream: ClientRequest, fault: Fault): void {
  if (fault.kind === "cut-request") {
    sendBeginning(request, upstream, fault.afterBytes);
    return;
  }
  if (fault.kind === "slow") {
    slowDown(request, upstream, fault.bytesPerSecond);
    return;
  }
  if (fault.kind === "flip-bit") request.once("data", flipFirstBit);
  request.pipe(upstream);
}

/** What came to the store is cut as well: it sees an upload that ends in the middle. */
function sendBeginning(request: IncomingMessage, upstream: ClientRequest, afterBytes: number): void {
  let left = afterBytes;
  upstream.flushHeaders();
  request.on("data", (chunk: Buffer) => {
    if (chunk.length < left) {
      left -= chunk.length;
      upstream.write(chunk);
      return;
    }
    request.removeAllListeners("data").pause();
    upstream.write(chunk.subarray(0, left), () => {
      upstream.destroy();
      request.socket.destroy();
    });
  });
}

/** Before the pipe hands the chunk on: listeners are called in their order. */
function flipFirstBit(chunk: Buffer): void {
  chunk[0] = (chunk[0] ?? 0) ^ 1;
}

function giveBeginning(
  reply: IncomingMessage,
  response: ServerResponse,
  fault: { kind: "cut-answer" | "drip-answer"; afterBytes: number },
): void {
  let left = fault.afterBytes;
  reply.on("data", (chunk: Buffer) => {
    if (chunk.length < left) {
      left -= chunk.length;
      response.write(chunk);
      return;
    }
    reply.removeAllListeners("data").pause();
    let at = left;
    response.write(chunk.subarray(0, at), () => {
      if (fault.kind === "cut-answer") response.destroy();
      else stayAwake(response, () => at < chunk.length && response.write(chunk.subarray(at, (at += 1))));
    });
  });
}

function stayAwake(response: ServerResponse, sign: () => void): void {
  const timer = setInterval(sign, 1_000);
  response.once("close", () => clearInterval(timer));
}

function closeAll(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
