import { PreconditionError } from "@/lib/kernel/errors";
import { waitFor } from "@/lib/kernel/wait-for";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/** A throw-away server that nobody ends is ended after this. */
const LIFE_MS = 24 * 3_600_000;

/**
 * What becomes of the recovered server: a throw-away one lives with its runner, for a day at most; one for `dir:PATH`
 * is stopped and its directory is the person's; one for a declared target takes that address and outlives the runner.
 */
export function handOver(to: string): (ctx: StepCtx, recovery: Recovery) => Promise<StepOutcome> {
  if (to === "scratch") return (ctx, recovery) => Promise.resolve(keepForADay(ctx, recovery));
  if (to.startsWith("dir:")) return leaveDirectory;
  return (ctx, recovery) => takeAddress(ctx, recovery, to);
}

/** Ends the data's server cleanly. From then on nothing of Holdfast looks at the directory. */
export async function leaveDirectory(_: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const server = known(recovery.server, "the server");
  await server.leaveBehind();
  recovery.leftAt = { socket: null, port: null };
  return {
    summary: `the data lies in ${server.directory}/data, its server is stopped: mariadbd --defaults-file=${server.serverFile}`,
  };
}

function keepForADay(ctx: StepCtx, recovery: Recovery): StepOutcome {
  const server = known(recovery.server, "the server");
  recovery.livesUntil = new Date(ctx.now().getTime() + LIFE_MS);
  void removeAtItsEnd(ctx, recovery);
  return {
    summary: `the server lives until ${recovery.livesUntil.toISOString()}, or until its runner ends: mariadb --defaults-file=${server.optionFile}`,
    livesUntil: recovery.livesUntil.toISOString(),
  };
}

/** After a day, or when a person shut the server down, nothing of it is left. */
async function removeAtItsEnd({ log, run }: StepCtx, recovery: Recovery): Promise<void> {
  const server = known(recovery.server, "the server");
  const over = new AbortController();
  try {
    await Promise.race([waitFor(LIFE_MS, over.signal), server.exited()]);
    const isGone = await recovery.engine.removeScratch(recovery.directory);
    log.info({ runId: run.id, directory: recovery.directory, isGone }, "the throw-away server of a restore ended");
  } catch (cause) {
    log.warn({ err: cause, runId: run.id, directory: recovery.directory }, "a throw-away server could not be removed");
  } finally {
    over.abort();
  }
}

async function takeAddress(ctx: StepCtx, recovery: Recovery, name: string): Promise<StepOutcome> {
  const server = known(recovery.server, "the server");
  const { configuration } = await loadConfiguration(ctx);
  const target = configuration.targets[name];
  if (!target) {
    throw new PreconditionError(`target "${name}" is no longer declared`, {
      hint: "Was holdfast.yaml changed meanwhile?",
    });
  }
  const connection = ctx.engines.connection(target.connection);
  const { pid } = await server.takeAddress({
    connection,
    serverId: known(recovery.manifest, "the manifest").server.id,
    gtid: recovery.gtidState ?? "",
    signal: ctx.signal,
  });
  const { host, port, socket = server.socket } = connection;
  recovery.leftAt = { socket, port };
  return { summary: `the server answers at ${host}:${port} and outlives its runner`, pid };
}
