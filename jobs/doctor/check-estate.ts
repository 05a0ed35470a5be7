import type { Ctx } from "@/lib/db/context";
import type { Hazard } from "@/lib/engines/database/port";
import type { Engines } from "@/lib/engines/ports";
import { formatBytes } from "@/lib/kernel/format";
import type { Configuration } from "@/lib/settings/schemas";
import { type Finding, fail, look, ok, warn } from "./finding";

const RUNNER_ALIVE_MS = 30_000;

/** Whether anybody does the jobs. */
export async function checkRunners(ctx: Ctx): Promise<Finding[]> {
  const since = new Date(ctx.now().getTime() - RUNNER_ALIVE_MS);
  const alive = await ctx.db.runner.findMany({ where: { heartbeatAt: { gt: since } } });
  if (alive.length === 0)
    return [fail("runner", "no runner works", "Start one with `holdfast up` or `holdfast runner`.")];
  return [ok("runner", alive.map((runner) => `${runner.site} on ${runner.host}`).join(", "))];
}

/** Each declared database: reachable, fit to be backed up, and with which hazards. */
export async function checkDatabases(
  engines: Engines,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<Finding[]> {
  const databases = Object.entries(configuration.systems).flatMap(([name, system]) =>
    system.kind === "mariadb" ? [{ name, method: system.backup.full?.method }] : [],
  );
  const findings = await Promise.all(
    databases.map(({ name, method }) =>
      look(`system ${name}`, async () => {
        const engine = await engines.database(name);
        const facts = await engine.inspect(signal);
        // A method has hazards of its own.
        const own = method === "physical" ? engine.physical : undefined;
        const hazards = await (own ?? engine).findHazards(signal);
        const reached = `MariaDB ${facts.version}, ${facts.tables} tables, ${formatBytes(facts.dataBytes)}, log at ${facts.position.file}`;
        return [ok(`system ${name}`, reached), ...hazards.map((hazard) => describe(name, hazard))];
      }),
    ),
  );
  return findings.flat();
}

function describe(system: string, hazard: Hazard): Finding {
  const say = hazard.effect === "refuse" ? fail : warn;
  return say(`system ${system} ${hazard.id}`, `${hazard.object}: ${hazard.message}`, hazard.hint);
}
