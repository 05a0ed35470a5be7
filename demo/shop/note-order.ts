import { appendFile, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Order, PlacedOrder } from "./place-order";
import type { ShopSettings } from "./settings";

/** A log that has grown so far is moved aside, as every log is one day; the one before it is gone then. */
const LOG_BYTES_MAX = 8 * 2 ** 20;
/** Looked at once in so many orders; every one of them gets a delivery note. */
const NOTED_ORDERS = 100;

async function rotate(log: string): Promise<void> {
  const { size } = await stat(log);
  if (size >= LOG_BYTES_MAX) await rename(log, `${log}.1`);
}

/** Keeps what a shop keeps beside its rows: a line in its log, and for some orders a delivery note as a file. */
export async function noteOrder(work: ShopSettings["work"], placed: PlacedOrder, order: Order): Promise<void> {
  const at = new Date().toISOString();
  const log = join(work.logs, "orders.log");
  const line = { at, order: placed.id, customer: order.customerId, lines: order.lines.length };
  await appendFile(log, `${JSON.stringify(line)}\n`);
  if (placed.id % NOTED_ORDERS !== 0) return;
  await rotate(log);
  const day = join(work.uploads, "delivery-notes", at.slice(0, 10));
  await mkdir(day, { recursive: true });
  const goods = order.lines.map(({ productId, quantity }) => `${quantity} x product ${productId}\n`);
  await writeFile(join(day, `${placed.id}.txt`), `Order ${placed.id}, ${at}\n${goods.join("")}`);
}
