import type { Ctx } from "@/lib/db/context";
import { applyConfiguration } from "@/lib/settings";
import { seedCatalogue } from "./seed-catalogue";

const SYSTEMS = ["database", "billing", "ledger", "stock", "tickets", "archive"];

const declaration = (name: string, index: number) => ({
  kind: "mariadb",
  title: name,
  impact: "critical",
  owner: "ops@example.com",
  rto: "2h",
  rpo: "15m",
  connection: { host: "127.0.0.1", port: 3_306 + index, user: "holdfast", password: "${DB_PASSWORD}" },
  backup: {
    full: { schedule: "0 2 * * *", retain: "30d", to: ["primary", "secondary"] },
    log: { schedule: "*/15 * * * *", retain: "30d", to: ["primary", "secondary"] },
  },
});

const connection = { host: "127.0.0.1", user: "holdfast", password: "${DB_PASSWORD}" };

const configuration = {
  project: { name: "Bench", contact: "ops@example.com" },
  objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
  keys: { recipients: ["age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"] },
  repositories: {
    primary: { kind: "directory", path: "/mnt/primary" },
    secondary: { kind: "directory", path: "/mnt/secondary" },
  },
  systems: Object.fromEntries(SYSTEMS.map((name, index) => [name, declaration(name, index)])),
  targets: {
    staging: { kind: "mariadb", connection, directory: "/srv/staging", allow: ["drill"] },
    standby: { kind: "mariadb", connection, directory: "/srv/standby", allow: ["live"] },
  },
};

/** Declares six databases and two repositories, and remembers so many days of them. */
export async function declarePagesEstate(ctx: Ctx, days: number): Promise<void> {
  await applyConfiguration(ctx, { text: JSON.stringify(configuration) });
  await seedCatalogue(ctx.db, { days, now: ctx.now() });
}
