import { PreconditionError } from "@/lib/kernel/errors";
import { known } from "@/lib/recovery";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import type { RunbookShared } from "./runbook-shared";

/** Makes the recovered server the primary, at its declared address. From here on the run cannot be undone. */
export async function cutOver(ctx: StepCtx, shared: RunbookShared): Promise<StepOutcome> {
  const recovery = known(shared.recovery, "the recovery");
  const server = known(recovery.server, "the server");
  const manifest = known(recovery.manifest, "the manifest");
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[shared.system];
  if (!isDatabase(declaration) || !shared.target) {
    throw new PreconditionError(`"${shared.system}" or its live target is no longer declared`, {
      hint: "Was holdfast.yaml changed during the run?",
    });
  }
  const connection = ctx.engines.connection(declaration.connection);
  const { pid } = await server.takeAddress({
    connection,
    serverId: manifest.server.id,
    gtid: recovery.gtidState ?? manifest.position.gtid,
    signal: ctx.signal,
  });
  shared.hasCutOver = true;
  const { host, port, socket = server.socket } = connection;
  recovery.leftAt = { socket, port };
  return { summary: `the recovered server answers at ${host}:${port}`, pid };
}
