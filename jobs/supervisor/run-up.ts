import { recordAudit } from "@/lib/audit";
import { startEmbeddedPostgres } from "@/lib/db/embedded-postgres";
import type { Ctx } from "@/lib/db/context";
import { partEnvironment, readEnvironment, readVariable } from "@/lib/kernel/env";
import { PreconditionError } from "@/lib/kernel/errors";
import { openConsole } from "../commands/open-console";
import { untilAsked } from "../until-asked";
import { keepProcess } from "./keep-process";
import { webArguments } from "./web-arguments";
import { readSessionSecret } from "./session-secret";

export interface UpOptions {
  /** Without pages: the command line is enough. */
  web: boolean;
  site: string;
}

/** Starts everything on one machine and keeps it running until SIGTERM or an interrupt: database, runner, pages. */
export async function runUp(options: UpOptions): Promise<void> {
  const asked = untilAsked();
  const environment = readEnvironment();
  const lost = () => void startEmbeddedPostgres({ home: environment.home, onLost: lost });
  const console = await openConsole({ onLost: lost });
  const { ctx, databaseUrl } = console;
  const stopping = new AbortController();
  const env = partEnvironment({
    DATABASE_URL: databaseUrl,
    HOLDFAST_HOME: environment.home,
    NEXTAUTH_SECRET: environment.sessionSecret ?? (await readSessionSecret(environment.home)),
    NEXTAUTH_URL: readVariable("NEXTAUTH_URL") ?? `http://127.0.0.1:${environment.port}`,
    NEXT_TELEMETRY_DISABLED: "1",
    NODE_ENV: "production",
  });
  const part = (name: string, args: readonly string[]) =>
    keepProcess({ name, args, env, log: ctx.log, signal: stopping.signal });
  await recordService(ctx, "service.started");
  const parts = [part("runner", ["--import", "tsx", "jobs/cli.ts", "runner", "--site", options.site])];
  if (options.web) parts.push(part("web", webArguments(environment.port)));
  await Promise.race([asked, Promise.all(parts)]);
  stopping.abort();
  await Promise.all(parts);
  await recordService(ctx, "service.stopped");
  await console.close();
}

async function recordService(ctx: Ctx, action: "service.started" | "service.stopped"): Promise<void> {
  await ctx.transaction((tx) =>
    recordAudit(tx, ctx, { action, entity: { type: "service", id: "console" }, metadata: { service: "console" } }),
  );
}

/** What a single part needs where `up` does not give it. @throws PreconditionError */
export function requireDatabaseUrl(): string {
  const { databaseUrl } = readEnvironment();
  if (databaseUrl) return databaseUrl;
  throw new PreconditionError("DATABASE_URL is not set", {
    hint: "Set it to the console's PostgreSQL, or use `holdfast up`, which brings its own.",
  });
}
