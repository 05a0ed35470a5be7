import { readFileSync } from "node:fs";
import { z } from "zod";

const Port = z.number().int().min(1).max(65_535);

/** What the shop's process reads at its start, from a file that only its user may read: no secret stands in its arguments. */
export const ShopSettings = z.strictObject({
  port: Port,
  /** Where the maintenance mode is switched: a port of its own, so that no client can. */
  adminPort: Port,
  /** Exists while the shop is in maintenance: the mode outlives the process. */
  maintenanceFile: z.string().min(1),
  /** Where it keeps its log and the delivery notes of its orders. */
  work: z.strictObject({ logs: z.string().min(1), uploads: z.string().min(1) }),
  database: z.strictObject({
    host: z.string().min(1),
    port: Port,
    user: z.string().min(1),
    password: z.string().min(1),
  }),
});
export type ShopSettings = z.infer<typeof ShopSettings>;

/** @throws Error when the file is not there or does not fit */
export function readShopSettings(file: string): ShopSettings {
  return ShopSettings.parse(JSON.parse(readFileSync(file, "utf8")));
}
