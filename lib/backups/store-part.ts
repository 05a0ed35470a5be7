import type { Readable } from "node:stream";
import type { PipedBytes } from "@/lib/engines/envelope/port";
import type { JobCtx } from "@/lib/db/context";
import { CancelledError, type ErrorSummary } from "@/lib/kernel/errors";
import { type OpenRepository, repositoryKeys, writeEverywhere } from "@/lib/repositories";
import type { ManifestPart } from "./manifest";

export interface StoredPart {
  part: ManifestPart;
  failures: Map<string, ErrorSummary>;
}

/** Packs one stream and writes it to every repository; resolves when each program ended well and each store has it. */
export async function storePart(
  ctx: JobCtx,
  input: Readable | PipedBytes,
  target: {
    name: ManifestPart["name"];
    /** Of what kind the bytes are; SQL unless told. */
    file?: string | undefined;
    system: string;
    backupId: string;
    repositories: readonly OpenRepository[];
    recipients: readonly string[];
  },
): Promise<StoredPart> {
  const { envelope } = ctx.engines;
  const base = `${repositoryKeys.backupPrefix(target.system, target.backupId)}${target.file ?? FILES[target.name]}${envelope.extension(target.recipients)}`;
  const sealing = envelope.seal(input, { recipients: target.recipients, signal: ctx.signal });
  const [written, facts] = await settleBoth(
    writeEverywhere(
      sealing.chunks(),
      target.repositories.map(({ name, store }) => ({ repository: name, store })),
      { keyOf: (piece) => (piece === 0 ? base : `${base}.${piece + 1}`), signal: ctx.signal },
    ),
    sealing.done,
  );
  return {
    failures: written.failures,
    part: {
      name: target.name,
      pieces: written.pieces,
      plain: facts.plain,
      sealed: written.whole,
      compression: "zstd",
      encrypted: target.recipients.length > 0,
      recipients: [...target.recipients],
    },
  };
}

const FILES = {
  data: "dump.sql",
  users: "users.sql",
  files: "files.tar",
  snapshot: "snapshot",
  listing: "listing",
  bundle: "code.bundle",
  logs: "logs.tar",
} as const;

/** Both results; when both fail, the error of the programs, which is the cause of the other one. */
async function settleBoth<A, B>(consumer: Promise<A>, producer: Promise<B>): Promise<[A, B]> {
  const [consumed, produced] = await Promise.allSettled([consumer, producer]);
  if (produced.status === "rejected" && consumed.status === "rejected") {
    throw isConsequence(produced.reason) ? consumed.reason : produced.reason;
  }
  if (produced.status === "rejected") throw produced.reason;
  if (consumed.status === "rejected") throw consumed.reason;
  return [consumed.value, produced.value];
}

/** Programs that were ended because nobody read their output any more are not the cause. */
function isConsequence(reason: unknown): boolean {
  return reason instanceof CancelledError;
}
