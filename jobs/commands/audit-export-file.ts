import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import type { AuditExport } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorLabel } from "@/lib/kernel/actor";
import { LimitError, ValidationError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
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

function refuse(output: string, reason: string): never {
  throw new ValidationError([{ path: "output", message: `"${output}" cannot be written (${reason})` }]);
}

/* A rename puts the file in the place of whatever has the name: of a device or a link too, which would be gone. */
async function requireReplaceable(path: string): Promise<void> {
  const found = await lstat(path).catch((cause: unknown) => {
    if (codeOf(cause) === "ENOENT") return null;
    return refuse(path, codeOf(cause));
  });
  if (found && !found.isFile()) refuse(path, "there is something that is not a plain file");
}

/* A name of its own, which must not be there yet: nobody can lay a link where root is about to write. */
async function openPartial(output: string): Promise<{ path: string; handle: FileHandle }> {
  const path = `${output}.${newToken(6)}.partial`;
  const handle = await open(path, "wx", 0o600).catch((cause: unknown) => refuse(output, codeOf(cause)));
  return { path, handle };
}

async function placeFile(output: string, content: AsyncIterable<Uint8Array> | Uint8Array[]): Promise<void> {
  const { path, handle } = await openPartial(output);
  try {
    await fillFile(handle, content, output);
    await rename(path, output);
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

/** Opens a file for an export before anything is exported. Until it is whole it has another name.
 *  @throws ValidationError when nothing can be written there, or when something else than a plain file has the name */
export async function openExportFile(output: string): Promise<ExportFile> {
  const manifest = `${output}.manifest.json`;
  const signature = `${manifest}.sig`;
  for (const path of [output, manifest, signature]) await requireReplaceable(path);
  const { path: partial, handle } = await openPartial(output);
  return {
    write: async (ctx, run, home) => {
      await fillFile(handle, run.body, output);
      const signer = await openSigner(home);
      const text = Buffer.from(`${JSON.stringify(describe(ctx, run, signer.publicPem), null, 2)}\n`, "utf8");
      await rename(partial, output);
      await placeFile(manifest, [text]);
      await placeFile(signature, [signer.sign(text)]);
      return { output, manifest, signature };
    },
    discard: async () => {
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}

/** Writes all of it and waits until the disk has it. @throws LimitError when it does not fit */
export async function fillFile(
  handle: FileHandle,
  content: AsyncIterable<Uint8Array> | Uint8Array[],
  output: string,
): Promise<void> {
  for await (const chunk of content) await writeChunk(handle, chunk, output);
  await handle.sync();
}

async function writeChunk(handle: FileHandle, chunk: Uint8Array, output: string): Promise<void> {
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
