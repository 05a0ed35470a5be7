import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client";

export { Prisma } from "./generated/client";
export type Db = PrismaClient;

/** A pool of connections to the console's PostgreSQL. `max` stays small: many processes share one server. */
export function openDb(connectionString: string, max = 10): Db {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString, max }) });
}
