import type { JobCtx } from "@/lib/db/context";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { EngineError, type ErrorSummary, summarizeError } from "@/lib/kernel/errors";
import { type OpenRepository, repositoryKeys } from "@/lib/repositories";
import { type AnyManifest, type LogManifest, formatManifest } from "./manifest";

/**
 * Signs the manifest and writes it last, to every repository in which each piece is there with its size: from then on
 * the backup exists. Returns the repositories that do not have it. @throws when none has it
 */
export async function publishManifest(
  ctx: JobCtx,
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
      await checkPieces(store, manifest, ctx.signal);
      await store.put(repositoryKeys.signatureKey(key), signature, { signal: ctx.signal });
      await store.put(key, bytes, { signal: ctx.signal });
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      lastError = error;
      failures.set(name, summarizeError(error));
    }
  }
  if (failures.size === repositories.length) throw lastError;
  return failures;
}

async function checkPieces(store: ObjectStore, manifest: AnyManifest, signal: AbortSignal): Promise<void> {
  if ("logs" in manifest) return checkLogs(store, manifest, signal);
  for (const piece of manifest.parts.flatMap((part) => part.pieces)) {
    const found = await store.head(piece.key, { signal });
    if (found?.sizeBytes === piece.sizeBytes) continue;
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
}

async function checkLogs(store: ObjectStore, manifest: LogManifest, signal: AbortSignal): Promise<void> {
  for (const log of manifest.logs) {
    if (await store.head(log.key, { signal })) continue;
    throw new EngineError(`the closed log "${log.key}" is not there`, {
      engine: "object-store",
      operation: "check the copy",
      permanent: true,
      hint: `Look at ${store.location}: does something else delete there? A new full begins a new chain.`,
    });
  }
}
