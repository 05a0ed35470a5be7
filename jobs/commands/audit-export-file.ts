import { type FileHandle, open, rename, rm, writeFile } from "node:fs/promises";
import type { AuditExport } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorLabel } from "@/lib/kernel/actor";
import { LimitError, ValidationError } from "@/lib/kernel/errors";
import { openSigner } from "../open-signer";

export interface WrittenExport {
  output: string;
  manifest: string;
  signature: string;
}

export interface ExportFile {
  /** Fills the file, then puts it and its signed manifest in their places. */
  write(ctx: Ctx, run: AuditExport, home: string): Promise<WrittenExport>;
  /** Takes away what was not put in its place. */
  discard(): Promise<void>;
}

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? "unknown";

/** Opens a file for an export before anything is exported. Until it is whole it has another name.
 *  @throws ValidationError when nothing can be written there */
export async function openExportFile(output: string): Promise<ExportFile> {
  const partial = `${output}.partial`;
  const handle = await open(partial, "w", 0o600).catch((cause: unknown) => {
    throw new ValidationError([{ path: "output", message: `"${output}" cannot be written (${codeOf(cause)})` }]);
  });
  return {
    write: async (ctx, run, home) => {
      await fill(handle, run, output);
      await rename(partial, output);
      const manifest = `${output}.manifest.json`;
      const signature = `${manifest}.sig`;
      const signer = await openSigner(home);
      const text = `${JSON.stringify(describe(ctx, run, signer.publicPem), null, 2)}\n`;
      await writeFile(manifest, text, { mode: 0o600 });
      await writeFile(signature, signer.sign(Buffer.from(text, "utf8")), { mode: 0o600 });
      return { output, manifest, signature };
    },
    discard: async () => {
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}

async function fill(handle: FileHandle, run: AuditExport, output: string): Promise<void> {
  for await (const chunk of run.body) {
    await write(handle, chunk, output);
  }
  await handle.sync();
}

async function write(handle: FileHandle, chunk: Uint8Array, output: string): Promise<void> {
  try {
    await handle.writeFile(chunk);
  } catch (cause) {
    throw new LimitError(`the export could not be written to "${output}" (${codeOf(cause)})`, {
      hint: "Is there space left on that disk?",
      cause,
    });
  }
}

/* Who holds the file, the manifest, the signature and a public key they trust can tell that nothing in it was changed:
   openssl pkeyutl -verify -rawin -pubin -inkey KEY -sigfile FILE.manifest.json.sig -in FILE.manifest.json */
function describe(ctx: Ctx, run: AuditExport, publicPem: string): object {
  const { rows, sizeBytes, sha256 } = run.summary();
  return {
    version: 1,
    kind: "audit-export",
    id: run.id,
    tenant: ctx.tenantId,
    requestedBy: actorLabel(ctx.actor),
    createdAt: ctx.now().toISOString(),
    ...run.request,
    order: "received_at, id",
    rows,
    sizeBytes,
    sha256,
    csvGuard: run.request.format === "csv" ? "apostrophe-v1" : null,
    publicKey: publicPem,
  };
}
