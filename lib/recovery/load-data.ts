import { Readable } from "node:stream";
import type { ManifestPart } from "@/lib/backups";
import { formatBytes } from "@/lib/kernel/bytes";
import { PreconditionError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import { damaged } from "./open-piece";
import { type Recovery, type RecoveryCtx, identityFor, known } from "./recovery";

/**
 * Starts a fresh server with the source's settings and loads users and data into it, straight from the repository.
 * What was loaded counts only when every digest fits: until then the server is a throw-away one.
 */
export async function loadData(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const manifest = known(recovery.manifest, "the manifest");
  recovery.server = await recovery.engine.startScratch({
    directory: recovery.directory,
    port: 0,
    settings: manifest.server.settings,
    signal: ctx.signal,
  });
  const { connection } = recovery.server;
  const [users] = manifest.parts.filter((part) => part.name === "users");
  const [data] = manifest.parts.filter((part) => part.name === "data");
  if (!data) throw new PreconditionError(`backup "${manifest.id}" has no data part`, { hint: "Choose another backup." });
  if (users) {
    await openPart(ctx, recovery, users, (sql) => recovery.engine.loadUsers(connection, sql, ctx.signal));
    ctx.run.say("users, roles and grants are loaded");
  }
  await openPart(ctx, recovery, data, (sql) =>
    recovery.engine.load(connection, sql, {
      signal: ctx.signal,
      onProgress: (done) => ctx.run.progress({ done, total: data.plain.sizeBytes, unit: "bytes" }),
    }),
  );
  return {
    summary: `${manifest.tables.length} tables, ${formatBytes(data.plain.sizeBytes)} loaded from ${recovery.source.repository}`,
    socket: recovery.server.socket,
  };
}

/** Hands a part's plain bytes to `consume`, and checks digests and exit codes after the last byte. */
async function openPart(
  ctx: RecoveryCtx,
  recovery: Recovery,
  part: ManifestPart,
  consume: (plain: Readable) => Promise<void>,
): Promise<void> {
  const sealed = Readable.from(readPieces(ctx, recovery, part), { objectMode: false });
  const opening = ctx.engines.envelope.open(sealed, {
    encrypted: part.encrypted,
    identityFile: identityFor(recovery, part),
    signal: ctx.signal,
  });
  const [consumed, opened] = await Promise.allSettled([consume(opening.output), opening.done]);
  // A broken envelope is the cause of what the database says about the cut SQL.
  if (opened.status === "rejected") throw opened.reason;
  if (consumed.status === "rejected") throw consumed.reason;
  const [first] = part.pieces;
  if (opened.value.sealed.sha256 !== part.sealed.sha256 || opened.value.plain.sizeBytes !== part.plain.sizeBytes) {
    throw damaged(first?.key ?? part.name, recovery.source.store.location);
  }
}

async function* readPieces(ctx: RecoveryCtx, recovery: Recovery, part: ManifestPart): AsyncGenerator<Buffer> {
  for (const piece of part.pieces) {
    for await (const chunk of await recovery.source.store.get(piece.key, { signal: ctx.signal })) yield chunk as Buffer;
  }
}
