import type { Connection } from "mariadb";
import { z } from "zod";

export const Order = z.strictObject({
  /** Chosen by the client: the same order sent twice is written once. */
  token: z.string().regex(/^[0-9a-f]{32}$/),
  customerId: z.number().int().min(1),
  lines: z
    .array(z.strictObject({ productId: z.number().int().min(1), quantity: z.number().int().min(1).max(100) }))
    .min(1)
    .max(20),
});
export type Order = z.infer<typeof Order>;

export interface PlacedOrder {
  id: number;
  token: string;
}

/** Writes an order, its lines (the trigger takes them from stock) and its payment in one transaction.
 *  Resolves after the commit. Rejects with the server's SqlError; nothing is written then. */
export async function placeOrder(connection: Connection, order: Order, channel: "web" | "check"): Promise<PlacedOrder> {
  await connection.beginTransaction();
  const insert = "INSERT INTO shop.orders (token, customer_id, channel) VALUES (?, ?, ?)";
  const { insertId }: { insertId: bigint } = await connection.query(insert, [order.token, order.customerId, channel]);
  // One order of locks for everyone: two orders over the same products never wait for each other in a circle.
  const lines = order.lines.toSorted((a, b) => a.productId - b.productId);
  for (const [index, line] of lines.entries()) {
    await connection.query(
      `INSERT INTO shop.order_lines (order_id, line_no, product_id, quantity, unit_price_cents)
       VALUES (?, ?, ?, ?, (SELECT price_cents FROM shop.products WHERE id = ?))`,
      [insertId, index + 1, line.productId, line.quantity, line.productId],
    );
  }
  await connection.query("UPDATE shop.orders SET total_cents = shop.order_total(id) WHERE id = ?", [insertId]);
  await connection.query(
    "INSERT INTO shop.payments (order_id, method, amount_cents) SELECT id, 'card', total_cents FROM shop.orders WHERE id = ?",
    [insertId],
  );
  await connection.commit();
  return { id: Number(insertId), token: order.token };
}
