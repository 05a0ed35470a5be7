import { Readable } from "node:stream";
import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import type { Engines } from "@/lib/engines/ports";
import { sha256 } from "@/lib/kernel/crypto";
import { NotFoundError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { loadConfiguration } from "@/lib/settings";
import { RecipientInput } from "./schemas";

export interface AskedRecipient {
  /** In each repository. */
  key: string;
  repositories: string[];
  /** What the holder of the private key runs beside the object. */
  command: string;
}

/**
 * Puts a test object into every repository that only this recipient's private key opens, packed as backups are. In it
 * stands a word; whoever holds the key tells it (`proveRecipient`). The private key never comes near this machine.
 * @throws NotFoundError for a recipient that is not declared
 */
export async function askRecipient(
  ctx: Ctx,
  input: RecipientInput,
  { engines, signal }: { engines: Pick<Engines, "envelope" | "store">; signal: AbortSignal },
): Promise<AskedRecipient> {
  requirePermission(ctx, "configuration.apply");
  const { recipient } = RecipientInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  if (!configuration.keys.recipients.includes(recipient)) throw new NotFoundError("recipient", recipient);
  const word = newToken(8);
  const body = await seal(engines, { word, recipient, signal });
  const key = `keys/${sha256(recipient).slice(0, 16)}${engines.envelope.extension([recipient])}`;
  const repositories = Object.keys(configuration.repositories);
  for (const name of repositories) await (await engines.store(name)).replace(key, body, { signal });
  await ctx.transaction(async (tx) => {
    const asked = { wordDigest: sha256(word), askedAt: ctx.now() };
    await tx.recipientProof.upsert({
      where: { recipient },
      // A proof holds until the next one is given: asking again takes nothing back.
      update: asked,
      create: { recipient, ...asked },
    });
    await recordAudit(tx, ctx, {
      action: "key.proof-asked",
      entity: { type: "recipient", id: recipient },
      metadata: { key, repositories },
    });
  });
  return { key, repositories, command: `age -d -i IDENTITY ${key.slice("keys/".length)} | zstd -d` };
}

async function seal(
  engines: Pick<Engines, "envelope">,
  { word, recipient, signal }: { word: string; recipient: string; signal: AbortSignal },
): Promise<Buffer> {
  const sealing = engines.envelope.seal(Readable.from([Buffer.from(`${word}\n`)]), { recipients: [recipient], signal });
  const chunks: Buffer[] = [];
  for await (const chunk of sealing.output) chunks.push(chunk as Buffer);
  await sealing.done;
  return Buffer.concat(chunks);
}
