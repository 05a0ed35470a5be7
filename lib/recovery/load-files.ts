import type { PhysicalManifest } from "@/lib/backups";
import type { ScratchServer } from "@/lib/engines/database/port";
import { PreconditionError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { StepOutcome } from "@/lib/runs";
import { pipePart } from "./open-part";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/**
 * Fetches a chain of backups of files, puts it together and starts a server on it. Each one is applied only when every
 * digest of it fits.
 */
export async function loadFiles(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const chain = known(recovery.chain, "the chain").filter((each) => each.method === "physical");
  const total = chain.reduce((sum, { parts }) => sum + (parts[0]?.sealed.sizeBytes ?? 0), 0);
  recovery.server = await putTogether(ctx, recovery, { chain, total });
  return {
    summary: `${chain.length === 1 ? "a full" : `a chain of ${chain.length} backups`}, ${formatBytes(total)} put together from ${recovery.source.repository}`,
    socket: recovery.server.socket,
  };
}

async function putTogether(
  ctx: RecoveryCtx,
  recovery: Recovery,
  { chain, total }: { chain: readonly PhysicalManifest[]; total: number },
): Promise<ScratchServer> {
  const { physical } = recovery.engine;
  if (!physical) {
    throw new PreconditionError("this engine knows no backups of files", { hint: "Choose a logical backup." });
  }
  const { server } = known(recovery.manifest, "the manifest");
  const restore = await physical.restore({
    directory: recovery.directory,
    port: 0,
    settings: server.settings,
    signal: ctx.signal,
  });
  try {
    let before = 0;
    for (const { parts, files, id } of chain) {
      const part = parts.find(({ name }) => name === "data");
      if (!part) throw new PreconditionError(`backup "${id}" has no data part`, { hint: "Choose another backup." });
      const onProgress = (done: number) => ctx.run.progress({ done: before + done, total, unit: "bytes" });
      await pipePart(ctx, recovery, { part, consume: (plain) => restore.unpack(files, plain), onProgress });
      await restore.apply();
      before += part.sealed.sizeBytes;
    }
    return await restore.start();
  } catch (error) {
    await restore.discard();
    throw error;
  }
}
