import type { JobCtx } from "@/lib/db/context";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { EngineError, type ErrorSummary, summarizeError } from "@/lib/kernel/errors";
import { type OpenRepository, repositoryKeys } from "@/lib/repositories";
import { type AnyManifest, type LogManifest, formatManifest, isLogManifest } from "./manifest";

/**
 * Signs the manifest and writes it last, to every repository in which each piece is there with its size: from then on
 * the backup exists. Returns the repositories that do not have it. @throws when none has it
 * @param ctx `onLocked` is told until when a repository holds all of it, where it locks what it takes
 */
export async function publishManifest(
  ctx: JobCtx & { onLocked?: (repository: string, until: Date) => void },
  manifest: AnyManifest,
  repositories: readonly OpenRepository[],
): Promise<Map<string, ErrorSummary>> {
  const bytes = formatManifest(manifest);
  const signature = ctx.engines.signer.sign(bytes);
  const key = repositoryKeys.manifestKey(manifest.system, manifest.id);
  const failures = new Map<string, ErrorSummary>();
  let lastError: unknown = new Error("there is no repository to publish in");
  for (const { name, store } of repositories) {
    try {
      const locks = await checkPieces(store, manifest, ctx.signal);
      await store.put(repositoryKeys.signatureKey(key), signature, { signal: ctx.signal });
      locks.push((await store.put(key, bytes, { signal: ctx.signal })).lockedUntil);
      const until = earliest(locks);
      if (until) ctx.onLocked?.(name, until);
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      lastError = error;
      failures.set(name, summarizeError(error));
    }
  }
  if (failures.size === repositories.length) throw lastError;
  return failures;
}

/** Null when one of them is not locked. */
function earliest(locks: readonly (Date | undefined)[]): Date | null {
  const held = locks.filter((until) => until !== undefined);
  return held.length < locks.length ? null : held.reduce<Date | null>((a, b) => (a && a < b ? a : b), null);
}

/** Returns until when each piece, or each log that it names, is locked. */
async function checkPieces(
  store: ObjectStore,
  manifest: AnyManifest,
  signal: AbortSignal,
): Promise<(Date | undefined)[]> {
  if (isLogManifest(manifest)) return checkLogs(store, manifest, signal);
  const locks: (Date | undefined)[] = [];
  for (const piece of manifest.parts.flatMap((part) => part.pieces)) {
    const found = await store.head(piece.key, { signal });
    if (found?.sizeBytes === piece.sizeBytes) {
      locks.push(found.lockedUntil);
      continue;
    }
    throw new EngineError(
      `object "${piece.key}" has ${found ? `${found.sizeBytes} bytes` : "vanished"} where ${piece.sizeBytes} bytes were written`,
      {
        engine: "object-store",
        operation: "check the copy",
        permanent: true,
        hint: `Look at ${store.location}: does something else write or delete there?`,
      },
    );
  }
  return locks;
}

async function checkLogs(
  store: ObjectStore,
  manifest: LogManifest,
  signal: AbortSignal,
): Promise<(Date | undefined)[]> {
  const locks: (Date | undefined)[] = [];
  for (const log of manifest.logs) {
    const found = await store.head(log.key, { signal });
    if (found) {
      locks.push(found.lockedUntil);
      continue;
    }
    throw new EngineError(`the closed log "${log.key}" is not there`, {
      engine: "object-store",
      operation: "check the copy",
      permanent: true,
      hint: `Look at ${store.location}: does something else delete there? A new full begins a new chain.`,
    });
  }
  return locks;
}
