import { shipLog } from "@/lib/backups";
import type { JobCtx } from "@/lib/db/context";
import { findConfiguration } from "@/lib/settings";
import type { Configuration } from "@/lib/settings/schemas";
import { keepHeartbeat } from "@/lib/systems";
import { waitFor } from "@/lib/kernel/wait-for";
import { holdDuty } from "./hold-duty";

const CONFIGURATION_PERIOD_MS = 2_000;

interface Duty {
  name: string;
  work: (ctx: JobCtx) => Promise<void>;
}

/**
 * Keeps the heartbeat and follows the log of every declared database that belongs to this runner's places, and starts
 * over when another configuration is applied. Resolves when the signal ends it and every duty has stopped.
 */
export async function watchSystems(
  ctx: JobCtx,
  options: { databaseUrl: string; places: readonly string[] },
): Promise<void> {
  while (!ctx.signal.aborted) {
    const loaded = await findConfiguration(ctx);
    const change = new AbortController();
    const signal = AbortSignal.any([ctx.signal, change.signal]);
    const duties = (loaded ? dutiesOf(loaded.configuration, options.places) : []).map((duty) =>
      holdDuty({ name: duty.name, databaseUrl: options.databaseUrl, log: ctx.log, signal }, (dutySignal) =>
        duty.work({ ...ctx, signal: dutySignal }),
      ),
    );
    while (!ctx.signal.aborted && (await findConfiguration(ctx))?.version === loaded?.version) {
      await waitFor(CONFIGURATION_PERIOD_MS, ctx.signal);
    }
    change.abort();
    await Promise.all(duties);
  }
}

function dutiesOf(configuration: Configuration, places: readonly string[]): Duty[] {
  return Object.entries(configuration.systems).flatMap(([name, system]) => {
    if (system.kind !== "mariadb" || !places.includes(system.runner.label ?? system.runner.site)) return [];
    const duties: Duty[] = [{ name: `heartbeat/${name}`, work: (ctx) => keepHeartbeat(ctx, name) }];
    if (system.backup.log?.stream) duties.push({ name: `log/${name}`, work: (ctx) => shipLog(ctx, name) });
    return duties;
  });
}
