import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { SqlError } from "mariadb";
import { z } from "zod";
import { DatabaseDownError, withDatabase } from "./database";
import { Order, placeOrder } from "./place-order";
import type { ShopSettings } from "./settings";
import { noteOrder } from "./note-order";

const BODY_BYTES_MAX = 65_536;
const DUPLICATE_KEY = 1062;
/** No such customer, no such product (whose price is then NULL). */
const UNKNOWN_NAMES = [1452, 1048];

interface Answer {
  status: number;
  body: unknown;
}
type Route = (settings: ShopSettings, request: IncomingMessage) => Promise<Answer> | Answer;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new SyntaxError("the body is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const postOrder: Route = async (settings, request) => {
  const order = Order.parse(JSON.parse(await readBody(request)));
  const placed = await withDatabase(settings.database, (connection) => placeOrder(connection, order, "web"));
  await noteOrder(settings.work, placed, order);
  return { status: 201, body: placed };
};

/** A write as a client's, for checks that send no body: proves that the shop takes orders again. */
const postCheck: Route = async (settings) => {
  const order: Order = {
    token: randomBytes(16).toString("hex"),
    customerId: 1,
    lines: [{ productId: 1, quantity: 1 }],
  };
  return {
    status: 201,
    body: await withDatabase(settings.database, (connection) => placeOrder(connection, order, "check")),
  };
};

const getOrders: Route = async (settings) => {
  const sql =
    "SELECT id, token, customer, total_cents AS totalCents, placed_at AS placedAt FROM shop.order_summary ORDER BY id DESC LIMIT 50";
  const orders = await withDatabase(settings.database, (connection) => connection.query({ sql, bigIntAsNumber: true }));
  return { status: 200, body: { orders } };
};

const getHealth: Route = async (settings) => {
  await withDatabase(settings.database, (connection) =>
    connection.query("SELECT id FROM shop.orders ORDER BY id DESC LIMIT 1"),
  );
  return { status: 200, body: { status: "ok" } };
};

const switchMaintenance =
  (on: boolean): Route =>
  (settings) => {
    if (on) writeFileSync(settings.maintenanceFile, "");
    else rmSync(settings.maintenanceFile, { force: true });
    return { status: 200, body: { maintenance: on } };
  };

const CLIENT_ROUTES: Record<string, Route> = {
  "POST /orders": postOrder,
  "POST /orders/check": postCheck,
  "GET /orders": getOrders,
  "GET /health": getHealth,
};
const ADMIN_ROUTES: Record<string, Route> = {
  "GET /maintenance": (settings) => ({ status: 200, body: { maintenance: existsSync(settings.maintenanceFile) } }),
  "POST /maintenance/on": switchMaintenance(true),
  "POST /maintenance/off": switchMaintenance(false),
};

function answerError(error: unknown): Answer {
  if (error instanceof DatabaseDownError) return { status: 503, body: { error: "the database does not answer" } };
  if (error instanceof z.ZodError || error instanceof SyntaxError)
    return { status: 400, body: { error: "the order does not fit" } };
  if (error instanceof SqlError && error.errno === DUPLICATE_KEY)
    return { status: 409, body: { error: "the order is there already" } };
  if (error instanceof SqlError && UNKNOWN_NAMES.includes(error.errno))
    return { status: 400, body: { error: "no such customer or product" } };
  return { status: 500, body: { error: "the shop failed" } };
}

function send(response: ServerResponse, answer: Answer): void {
  const text = JSON.stringify(answer.body, (_key, value: unknown) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  const wait = answer.status === 503 ? { "retry-after": "1" } : {};
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...wait,
  });
  response.end(text);
}

function serve(routes: Record<string, Route>, settings: ShopSettings, isClosed: () => boolean): Server {
  return createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://shop").pathname;
    const route = routes[`${request.method ?? "GET"} ${path}`];
    const answer = async (): Promise<Answer> => {
      if (!route) return { status: 404, body: { error: "no such page" } };
      if (isClosed()) return { status: 503, body: { error: "the shop is closed for maintenance" } };
      return route(settings, request);
    };
    void answer()
      .catch(answerError)
      .then((result) => send(response, result));
  });
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port }, resolve);
  });

export interface RunningShop {
  close(): Promise<void>;
}

/** Serves clients and, on its own port, the maintenance switch; both on the loopback alone. */
export async function serveShop(settings: ShopSettings): Promise<RunningShop> {
  const clients = serve(CLIENT_ROUTES, settings, () => existsSync(settings.maintenanceFile));
  const admin = serve(ADMIN_ROUTES, settings, () => false);
  await listen(clients, settings.port);
  await listen(admin, settings.adminPort);
  const close = (server: Server) =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  return {
    close: async () => {
      await Promise.all([close(clients), close(admin)]);
    },
  };
}
