import { ClosedLog, type Manifest } from "@/lib/backups";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { readObject, repositoryKeys } from "@/lib/repositories";
import type { LogPiece } from "./cover-log";
import type { RecoveryCtx, RecoverySource } from "./recovery";

/** Every object with a stretch of the log that follows a backup, as the repository lists them. */
export async function listLogPieces(
  ctx: RecoveryCtx,
  source: RecoverySource,
  server: Manifest["server"],
): Promise<LogPiece[]> {
  const prefix = repositoryKeys.logPrefix({
    system: source.system,
    serverId: server.id,
    incarnation: server.incarnation,
  });
  const pieces: LogPiece[] = [];
  for await (const object of source.store.list(prefix, { signal: ctx.signal })) {
    const name = object.key.slice(prefix.length);
    const segment = repositoryKeys.parseSegmentName(name);
    if (segment) {
      pieces.push({ key: object.key, ...segment, closed: false });
      continue;
    }
    const closed = repositoryKeys.parseCompactedName(name);
    if (!closed) continue;
    const facts = await readClosedLog(ctx, source, `${prefix}${closed.file}.json`);
    if (facts) {
      pieces.push({
        key: object.key,
        file: closed.file,
        start: 0,
        end: facts.sizeBytes,
        sha256: facts.sha256,
        encrypted: closed.encrypted,
        closed: true,
      });
    }
  }
  return pieces;
}

/** null when the facts are not signed by a known key: then the closed file does not count, and its segments must do. */
async function readClosedLog(ctx: RecoveryCtx, source: RecoverySource, key: string): Promise<ClosedLog | null> {
  const bytes = await readObject(source.store, key, ctx.signal);
  const signature = await readObject(source.store, repositoryKeys.signatureKey(key), ctx.signal);
  if (source.publicKeys.some((publicPem) => isSignatureValid(publicPem, bytes, signature))) {
    return ClosedLog.parse(JSON.parse(bytes.toString("utf8")));
  }
  ctx.run.say(`the signature of ${key} does not fit: it is left out`, "warning");
  return null;
}
