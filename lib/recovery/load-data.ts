import { formatBytes } from "@/lib/kernel/format";
import { PreconditionError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import { openPart } from "./open-part";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/**
 * Starts a fresh server with the source's settings and loads users and data into it, straight from the repository.
 * What was loaded counts only when every digest fits: until then the server is a throw-away one.
 */
export async function loadData(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const manifest = known(recovery.manifest, "the manifest");
  recovery.server ??= await recovery.engine.startScratch({
    directory: recovery.directory,
    port: 0,
    settings: manifest.server.settings,
    signal: ctx.signal,
  });
  const { connection } = recovery.server;
  const [users] = manifest.parts.filter((part) => part.name === "users");
  const [data] = manifest.parts.filter((part) => part.name === "data");
  if (!data)
    throw new PreconditionError(`backup "${manifest.id}" has no data part`, { hint: "Choose another backup." });
  if (users) {
    await openPart(ctx, recovery, {
      part: users,
      consume: (sql) => recovery.engine.loadUsers(connection, sql, ctx.signal),
    });
    ctx.run.say("users and roles are loaded");
  }
  await openPart(ctx, recovery, {
    part: data,
    consume: (sql) =>
      recovery.engine.load(connection, sql, {
        signal: ctx.signal,
        onProgress: (done) => ctx.run.progress({ done, total: data.plain.sizeBytes, unit: "bytes" }),
      }),
  });
  if (users) {
    // Rights on single tables, columns and routines need these to be there.
    await openPart(ctx, recovery, {
      part: users,
      consume: (sql) => recovery.engine.loadGrants(connection, sql, ctx.signal),
    });
  }
  return {
    summary: `${manifest.tables.length} tables, ${formatBytes(data.plain.sizeBytes)} loaded from ${recovery.source.repository}`,
    socket: recovery.server.socket,
  };
}
