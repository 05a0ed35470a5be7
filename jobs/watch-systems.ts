import { shipLog } from "@/lib/backups";
import type { JobCtx } from "@/lib/db/context";
import { type LoadedConfiguration, findConfiguration } from "@/lib/settings";
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
 * over when another configuration is applied. While the console's database does not answer, everything goes on by the
 * configuration that is known. Resolves when the signal ends it and every duty has stopped.
 */
export async function watchSystems(
  ctx: JobCtx,
  options: { databaseUrl: string; places: readonly string[] },
): Promise<void> {
  let loaded = await untilOther(ctx, null);
  while (loaded && !ctx.signal.aborted) {
    const change = new AbortController();
    const signal = AbortSignal.any([ctx.signal, change.signal]);
    const duties = dutiesOf(loaded.configuration, options.places).map((duty) =>
      holdDuty({ name: duty.name, databaseUrl: options.databaseUrl, log: ctx.log, signal }, (dutySignal) =>
        duty.work({ ...ctx, signal: dutySignal }),
      ),
    );
    loaded = await untilOther(ctx, loaded.version);
    change.abort();
    await Promise.all(duties);
  }
}

/** The configuration once it is another one than the known; null when the signal ended the wait. */
async function untilOther(ctx: JobCtx, known: number | null): Promise<LoadedConfiguration | null> {
  while (!ctx.signal.aborted) {
    try {
      const loaded = await findConfiguration(ctx);
      if (loaded && loaded.version !== known) return loaded;
    } catch (cause) {
      ctx.log.warn({ err: cause }, "the configuration could not be read and is asked for again");
    }
    await waitFor(CONFIGURATION_PERIOD_MS, ctx.signal);
  }
  return null;
}

function dutiesOf(configuration: Configuration, places: readonly string[]): Duty[] {
  return Object.entries(configuration.systems).flatMap(([name, system]) => {
    if (system.kind !== "mariadb" || !places.includes(system.runner.label ?? system.runner.site)) return [];
    const duties: Duty[] = [{ name: `heartbeat/${name}`, work: (ctx) => keepHeartbeat(ctx, name) }];
    if (system.backup.log?.stream) duties.push({ name: `log/${name}`, work: (ctx) => shipLog(ctx, name) });
    return duties;
  });
}
