import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { deliverAlert } from "@/lib/alerts";
import { alertDeliveryJob } from "@/lib/alerts/jobs";
import { recordAudit } from "@/lib/audit";
import { openDb } from "@/lib/db/client";
import { type JobCtx, createCtx } from "@/lib/db/context";
import { type DatabaseClock, openDatabaseClock } from "@/lib/db/database-clock";
import { readVariable } from "@/lib/kernel/env";
import { newId } from "@/lib/kernel/ids";
import { createLogger } from "@/lib/kernel/log";
import { type Queue, queueName, startQueue } from "@/lib/queue";
import { runJob } from "@/lib/runs/jobs";
import { performRunJob } from "./handlers/runs/perform";
import { openEngines } from "./open-engines";
import { JOBS } from "./queues";
import { startScheduler } from "./scheduler";
import { endOwnServers, sweepLeftovers } from "./sweep-leftovers";
import { watchSystems } from "./watch-systems";

export interface RunnerOptions {
  databaseUrl: string;
  home: string;
  logLevel: string;
  site: string;
  labels: readonly string[];
}

export interface Runner {
  id: string;
  /** Lets go of everything: open runs are taken over by another runner, or by this one when it starts again. */
  stop(): Promise<void>;
}

const SIGN_OF_LIFE_MS = 5_000;
/** Runs at a time: two heavy ones fill two cores. */
const CONCURRENCY = 2;

/** Starts a runner: jobs of its places, heartbeats and logs of its systems, the schedules. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const id = newId();
  const stopping = new AbortController();
  const db = openDb(options.databaseUrl, 12);
  const log = createLogger(options.logLevel).child({ runner: id.slice(-8), site: options.site });
  const engines = await openEngines(db, options.home);
  const clock = await openDatabaseClock(db);
  const actor = { kind: "system" as const, job: `runner ${options.site} ${id.slice(-8)}` };
  const ctx: JobCtx = {
    ...createCtx({ db, log, actor, now: () => clock.now() }),
    engines,
    signal: stopping.signal,
  };
  const places = [options.site, ...options.labels];
  await sweepLeftovers(ctx);
  const signOfLife = await announce(ctx, { id, clock }, options);
  const queue = await startQueue(options.databaseUrl, JOBS, places);
  queue.on("error", (error) => log.warn({ err: error }, "the queue met an error and goes on"));
  await work(queue, ctx, places);
  await workOnAlerts(queue, ctx, places);
  const scheduler = startScheduler(ctx, options.site);
  const watching = watchSystems(ctx, { databaseUrl: options.databaseUrl, places });
  log.info({ places }, "the runner works");

  return {
    id,
    stop: async () => {
      stopping.abort();
      scheduler.stop();
      clearInterval(signOfLife);
      await queue.stop({ graceful: true, timeout: 15_000 });
      await watching;
      await endOwnServers(ctx);
      await leave(ctx, id);
      await db.$disconnect();
    },
  };
}

async function work(queue: Queue, ctx: JobCtx, places: readonly string[]): Promise<void> {
  for (const place of places) {
    const options = { batchSize: 1, localConcurrency: CONCURRENCY, pollingIntervalSeconds: 0.5 };
    await queue.work<{ runId: string }>(queueName(runJob, place), options, async ([job]) => {
      if (!job) return;
      const signal = AbortSignal.any([ctx.signal, job.signal]);
      await performRunJob({ ...ctx, signal, correlationId: job.data.runId }, job.data);
    });
  }
}

/** Beside the runs: an alert does not wait for a backup that takes hours. */
async function workOnAlerts(queue: Queue, ctx: JobCtx, places: readonly string[]): Promise<void> {
  const consoleUrl = readVariable("NEXTAUTH_URL") ?? null;
  for (const place of places) {
    const options = { batchSize: 1, localConcurrency: CONCURRENCY, pollingIntervalSeconds: 1 };
    await queue.work<{ deliveryId: string }>(queueName(alertDeliveryJob, place), options, async ([job]) => {
      if (!job) return;
      const signal = AbortSignal.any([ctx.signal, job.signal]);
      await deliverAlert({ ...ctx, signal, correlationId: job.data.deliveryId }, { ...job.data, consoleUrl });
    });
  }
}

async function announce(
  ctx: JobCtx,
  { id, clock }: { id: string; clock: DatabaseClock },
  options: RunnerOptions,
): Promise<NodeJS.Timeout> {
  const { site, labels } = options;
  const now = ctx.now();
  await ctx.transaction(async (tx) => {
    await tx.runner.create({
      data: { id, site, labels: [...labels], host: hostname(), pid: process.pid, startedAt: now, heartbeatAt: now },
    });
    await recordAudit(tx, ctx, {
      action: "service.started",
      entity: { type: "runner", id },
      metadata: { service: "runner", site, host: hostname() },
    });
  });
  const tell = () =>
    clock
      .look()
      .then(() => giveSignOfLife(ctx, id))
      .catch((cause: unknown) => ctx.log.warn({ err: cause }, "the runner's sign of life could not be stored"));
  await tell();
  return setInterval(() => void tell(), SIGN_OF_LIFE_MS);
}

/** That it lives, and how much room it has for a restore: the console shows that before one is started. */
async function giveSignOfLife(ctx: JobCtx, id: string): Promise<void> {
  const free = await statfs(ctx.engines.directories.scratch).catch((cause: unknown) => {
    ctx.log.warn({ err: cause }, "the room for throw-away servers cannot be measured");
    return null;
  });
  const at = ctx.now();
  await ctx.db.runner.update({
    where: { id },
    data: {
      heartbeatAt: at,
      ...(free ? { freeBytes: BigInt(free.bavail) * BigInt(free.bsize), freeAt: at } : {}),
    },
  });
}

async function leave(ctx: JobCtx, id: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    await tx.runner.deleteMany({ where: { id } });
    await recordAudit(tx, ctx, {
      action: "service.stopped",
      entity: { type: "runner", id },
      metadata: { service: "runner" },
    });
  });
}
