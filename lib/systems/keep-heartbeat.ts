import type { JobCtx } from "@/lib/db/context";
import type { DatabaseEngine } from "@/lib/engines/database/port";
import { summarizeError } from "@/lib/kernel/errors";
import { waitFor } from "@/lib/kernel/wait-for";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";

/** A beat that is not acknowledged by then counts as refused. */
const BEAT_TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;

/**
 * Writes the heartbeat of a system until the signal ends it: one row each period, and its acknowledgement into the
 * console. It follows the system's declared address, so after a recovery it goes on there by itself. It is also the
 * probe: a beat that is refused means that the system is down, with the reason.
 */
export async function keepHeartbeat(ctx: JobCtx, system: string): Promise<void> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isDatabase(declaration)) return;
  const engine = await ctx.engines.database(system);
  const row = await ctx.db.system.findUniqueOrThrow({ where: { name: system } });
  try {
    await beatOn(ctx, {
      engine,
      systemId: row.id,
      from: (row.heartbeatSeq ?? 0n) + 1n,
      periodMs: declaration.heartbeat,
    });
  } finally {
    await engine.close();
  }
}

interface Beating {
  engine: DatabaseEngine;
  systemId: string;
  from: bigint;
  periodMs: number;
}

async function beatOn(ctx: JobCtx, { engine, systemId, from, periodMs }: Beating): Promise<void> {
  let seq = from;
  let isPrepared = false;
  while (!ctx.signal.aborted) {
    const late = AbortSignal.timeout(BEAT_TIMEOUT_MS);
    try {
      const signal = AbortSignal.any([ctx.signal, late]);
      if (!isPrepared) await engine.prepareHeartbeat(signal);
      isPrepared = true;
      const beat = await engine.beat(seq, signal);
      await ctx.db.system.update({
        where: { id: systemId },
        data: { heartbeatSeq: seq, heartbeatAt: beat.at, probedAt: ctx.now(), probeError: null, failingSince: null },
      });
      seq += 1n;
      await waitFor(periodMs, ctx.signal);
    } catch (error) {
      if (ctx.signal.aborted) return;
      isPrepared = false; // A recovered server may be an older one.
      const message = late.aborted ? `no answer within ${BEAT_TIMEOUT_MS / 1_000} s` : summarizeError(error).message;
      await recordFailure(ctx, systemId, message);
      await waitFor(RETRY_MS, ctx.signal);
    }
  }
}

async function recordFailure(ctx: JobCtx, systemId: string, message: string): Promise<void> {
  const now = ctx.now();
  await ctx.db.system.updateMany({ where: { id: systemId, failingSince: null }, data: { failingSince: now } });
  await ctx.db.system.update({ where: { id: systemId }, data: { probedAt: now, probeError: message } });
}
