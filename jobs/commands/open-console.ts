import { userInfo } from "node:os";
import { applyMigrations } from "@/lib/db/apply-migrations";
import { openDb } from "@/lib/db/client";
import { type Ctx, createCtx } from "@/lib/db/context";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/lib/db/embedded-postgres";
import { recordAudit } from "@/lib/audit";
import { readEnvironment } from "@/lib/kernel/env";
import { createLogger } from "@/lib/kernel/log";
import { ensureQueues } from "@/lib/queue";
import { findConfiguration } from "@/lib/settings";
import { JOBS } from "../queues";

export interface ConsoleHandle {
  ctx: Ctx;
  databaseUrl: string;
  close(): Promise<void>;
}

/** The console's state: the PostgreSQL of DATABASE_URL, or the embedded one, started or joined; migrated. */
export async function openConsole(options: { onLost?: () => void } = {}): Promise<ConsoleHandle> {
  const env = readEnvironment();
  const embedded: EmbeddedPostgres | undefined = env.databaseUrl
    ? undefined
    : await startEmbeddedPostgres({ home: env.home, ...(options.onLost ? { onLost: options.onLost } : {}) });
  const databaseUrl = env.databaseUrl ?? embedded?.databaseUrl ?? "";
  const db = openDb(databaseUrl, 3);
  const ctx = createCtx({
    db,
    log: createLogger(env.logLevel),
    actor: { kind: "shell", user: userInfo().username },
  });
  try {
    await migrate(ctx, databaseUrl);
  } catch (error) {
    await db.$disconnect();
    await embedded?.stop();
    throw error;
  }
  return {
    ctx,
    databaseUrl,
    close: async () => {
      await db.$disconnect();
      await embedded?.stop();
    },
  };
}

/** Migrations are in the audit log like any other change; the first ones make the log itself. */
async function migrate(ctx: Ctx, databaseUrl: string): Promise<void> {
  const applied = await applyMigrations(databaseUrl);
  const places = await placesOf(ctx);
  await ensureQueues(databaseUrl, JOBS, places);
  if (applied.length === 0) return;
  await ctx.transaction(async (tx) => {
    for (const name of applied) {
      await recordAudit(tx, ctx, { action: "migration.applied", entity: { type: "migration", id: name } });
    }
  });
}

/** Sites and labels that the configuration names: each has a queue of its own. */
export async function placesOf(ctx: Pick<Ctx, "db">): Promise<string[]> {
  const loaded = await findConfiguration(ctx);
  const declared = Object.values(loaded?.configuration.systems ?? {}).map(
    (system) => system.runner.label ?? system.runner.site,
  );
  return [...new Set(["primary", ...declared])];
}
