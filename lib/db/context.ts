import type { Actor } from "@/lib/kernel/actor";
import type { Logger } from "@/lib/kernel/log";
import { newId } from "@/lib/kernel/ids";
import { systemNow } from "@/lib/kernel/time";
import type { Engines } from "@/lib/engines/ports";
import type { Db, Prisma } from "./client";

/** What a verb may use inside a transaction: the same models, no nesting. */
export type Tx = Prisma.TransactionClient;

/** Where a request came from; the audit log keeps it. */
export interface Origin {
  ipAddress?: string | undefined;
  userAgent?: string | undefined;
}

/** Everything that a verb gets from outside: who, when, where to write. Nothing is ambient. */
export interface Ctx {
  actor: Actor;
  tenantId: string;
  /** One request, run or command; joins its log lines and audit events. */
  correlationId: string;
  origin: Origin;
  log: Logger;
  db: Db;
  now(): Date;
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** What a job gets besides: the outside world, a signal that ends it, and proof that it still lives. */
export interface JobCtx extends Ctx {
  engines: Engines;
  signal: AbortSignal;
}

export interface CtxOptions {
  db: Db;
  log: Logger;
  actor: Actor;
  origin?: Origin | undefined;
  correlationId?: string | undefined;
  tenantId?: string | undefined;
  now?: (() => Date) | undefined;
}

export function createCtx(options: CtxOptions): Ctx {
  const { db, log, actor } = options;
  return {
    actor,
    db,
    log,
    tenantId: options.tenantId ?? "default",
    correlationId: options.correlationId ?? newId(),
    origin: options.origin ?? {},
    now: options.now ?? systemNow,
    transaction: (work) => db.$transaction(work, { timeout: 30_000, maxWait: 10_000 }),
  };
}

/** A ctx of its own for something that the same person or job does next, with another actor or id. */
export function deriveCtx<T extends Ctx>(ctx: T, change: Partial<T>): T {
  return { ...ctx, ...change };
}
