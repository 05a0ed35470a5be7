import { Readable } from "node:stream";
import type { JobCtx } from "@/lib/db/context";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { DamagedError, PreconditionError } from "@/lib/kernel/errors";
import type { ManifestPart } from "./manifest";

/** A stored part's plain bytes. Nothing of them may be relied on before `done`: it checks every digest. */
export function readPart(
  ctx: Pick<JobCtx, "engines" | "signal">,
  { store, part, identityFile }: { store: ObjectStore; part: ManifestPart; identityFile: string | undefined },
): { output: Readable; done: Promise<void> } {
  if (part.encrypted && !identityFile) {
    throw new PreconditionError("the backup before is encrypted, and no private key is configured on this runner", {
      hint: "An incremental of files goes on from its snapshot: set keys.identityFile, or take full backups only.",
    });
  }
  const read = async function* (): AsyncGenerator<Buffer> {
    for (const piece of part.pieces) {
      for await (const chunk of await store.get(piece.key, { signal: ctx.signal })) yield chunk as Buffer;
    }
  };
  const opening = ctx.engines.envelope.open(Readable.from(read(), { objectMode: false }), {
    encrypted: part.encrypted,
    identityFile,
    signal: ctx.signal,
  });
  const done = opening.done.then(({ sealed }) => {
    if (sealed.sha256 === part.sealed.sha256) return;
    throw new DamagedError(`"${part.pieces[0]?.key ?? part.name}" is not what was stored`, {
      hint: `Look at ${store.location}; \`repository repair\` takes it from the other copy.`,
    });
  });
  done.catch(() => undefined); // Awaited after the bytes were read.
  return { output: opening.output, done };
}
