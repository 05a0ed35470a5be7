import { setTimeout as wait } from "node:timers/promises";
import { startBackup } from "@/lib/backups";
import { startRestore } from "@/lib/recovery";
import { getRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { SYSTEM, type World } from "./world";

const PATIENCE_MS = 180_000;

/** Waits for a fact. @throws Error when it does not come true */
export async function until<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS / 1_000} s for ${what}`);
    await wait(50);
  }
}

/** How a run ended. */
export function untilEnded({ ctx }: World, runId: string): Promise<RunDetail> {
  return until(`the end of run ${runId}`, async () => {
    const run = await getRun(ctx, { id: runId });
    return run.endedAt ? run : null;
  });
}

/** Takes a full backup. @throws Error with the run's words when it did not succeed */
export async function takeFull(world: World): Promise<RunDetail> {
  const { runId } = await startBackup(world.ctx, { system: SYSTEM });
  const run = await untilEnded(world, runId);
  if (run.state === "succeeded") return run;
  throw new Error(`the full backup ended as ${run.state}: ${run.error?.message ?? ""}`);
}

/** Restores into a throw-away server and tells how that ended. */
export async function restore(world: World, at: string, from?: string): Promise<RunDetail> {
  const { runId } = await startRestore(world.ctx, { system: SYSTEM, at, ...(from ? { from } : {}) });
  return untilEnded(world, runId);
}

interface Coverage {
  repositoryId: string;
  file: string;
  endOffset: bigint;
}

/** Until every repository holds the server's log as it is now. */
export async function untilShipped(world: World, repositories: number): Promise<void> {
  const [now] = await world.source.run("SHOW MASTER STATUS");
  const [file, offset] = [String(now?.File), BigInt(String(now?.Position))];
  const isReached = (row: Coverage) => row.file > file || (row.file === file && row.endOffset >= offset);
  await until("the log to be shipped", async () => {
    const rows: Coverage[] = await world.ctx.db.logCoverage.findMany();
    return new Set(rows.filter(isReached).map((row) => row.repositoryId)).size === repositories;
  });
}

/** Until each closed log is one object in every repository that has it. */
export async function untilCompacted(world: World): Promise<void> {
  await until("closed logs to be compacted", async () => {
    const open = await world.ctx.db.logCoverage.count({ where: { closedAt: { not: null }, compactedAt: null } });
    return open === 0;
  });
}

/** Until the log of this server is collected: a full that is taken before belongs to no log. */
export async function untilCollected(world: World): Promise<void> {
  await until("the log's collector", async () => {
    const row = await world.ctx.db.system.findUnique({ where: { name: SYSTEM } });
    return row?.logIncarnation && row.heartbeatSeq;
  });
}
