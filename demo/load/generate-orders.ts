import { randomBytes, randomInt } from "node:crypto";
import { z } from "zod";
import type { Journal } from "./journal";

export interface LoadOptions {
  /** Of the shop, such as `http://127.0.0.1:18080`. */
  shopUrl: string;
  ordersPerSecond: number;
  journal: Journal;
}

export interface LoadCounts {
  /** Acknowledged by the shop and noted by the witness. */
  ok: number;
  /** Refused, not answered in time, or not answered at all. */
  failed: number;
  /** Not sent, because too many were under way. */
  skipped: number;
  /** Time of the last acknowledgement in ms since 1970; null before the first. */
  lastOkAt: number | null;
  /** What the last failed one met; null after an acknowledged one. */
  lastFailure: string | null;
}

export interface RunningLoad {
  counts(): LoadCounts;
  /** Sends no more, and resolves when everything under way is answered or given up. */
  stop(): Promise<void>;
}

/** More are never under way: a shop that hangs is not buried, and a shop that comes back is not flooded. */
const UNDER_WAY_MAX = 8;
const TIMEOUT_MS = 2_000;
/** Of the seed: see the shop's schema. */
const [CUSTOMERS, PRODUCTS] = [1_500, 200];

const Placed = z.object({ id: z.number().int(), token: z.string() });

function newOrder(): { token: string; customerId: number; lines: { productId: number; quantity: number }[] } {
  const lines = Array.from({ length: randomInt(1, 4) }, () => ({
    productId: randomInt(1, PRODUCTS + 1),
    quantity: randomInt(1, 4),
  }));
  return { token: randomBytes(16).toString("hex"), customerId: randomInt(1, CUSTOMERS + 1), lines };
}

/** What went wrong, in a word that holds no data. */
function nameFailure(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const cause: unknown = error.cause;
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : error.name;
}

/** Orders at a steady rate, as many clients would: one that fails does not hold up the next. */
export function generateOrders(options: LoadOptions): RunningLoad {
  const counts: LoadCounts = { ok: 0, failed: 0, skipped: 0, lastOkAt: null, lastFailure: null };
  const underWay = new Set<Promise<void>>();

  const send = async () => {
    const order = newOrder();
    const requestedAt = Date.now();
    const response = await fetch(`${options.shopUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    const acknowledgedAt = Date.now();
    if (response.status !== 201) {
      counts.failed += 1;
      counts.lastFailure = `HTTP ${response.status}`;
      return;
    }
    const placed = Placed.parse(body);
    if (placed.token !== order.token) throw new Error("the shop acknowledged another order");
    options.journal.note({ id: placed.id, token: placed.token, requestedAt, acknowledgedAt });
    counts.ok += 1;
    counts.lastOkAt = acknowledgedAt;
    counts.lastFailure = null;
  };

  const timer = setInterval(() => {
    if (underWay.size >= UNDER_WAY_MAX) {
      counts.skipped += 1;
      return;
    }
    const request: Promise<void> = send()
      .catch((error: unknown) => {
        counts.failed += 1;
        counts.lastFailure = nameFailure(error);
      })
      .finally(() => underWay.delete(request));
    underWay.add(request);
  }, 1_000 / options.ordersPerSecond);

  return {
    counts: () => ({ ...counts }),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}
