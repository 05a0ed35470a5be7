import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorLabel } from "@/lib/kernel/actor";
import { sha256 } from "@/lib/kernel/crypto";
import { PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { ProveRecipientInput } from "./schemas";

/**
 * Stores that a recipient's private key opened the newest test object: its holder tells the word that stands in it.
 * @throws PreconditionError when nothing was asked, RefusedError for another word
 */
export async function proveRecipient(ctx: Ctx, input: ProveRecipientInput): Promise<{ provenAt: string }> {
  requirePermission(ctx, "configuration.apply");
  const { recipient, word } = ProveRecipientInput.parse(input);
  const row = await ctx.db.recipientProof.findUnique({ where: { recipient } });
  if (!row) {
    throw new PreconditionError("this recipient was not asked for a proof", {
      hint: "Run `holdfast recipient ask RECIPIENT` first: it makes the test object.",
    });
  }
  if (sha256(word.trim()) !== row.wordDigest) {
    throw new RefusedError("that is not the word of the newest test object", {
      hint: `It was made at ${row.askedAt.toISOString()}: was an older object opened?`,
    });
  }
  const provenAt = ctx.now();
  await ctx.transaction(async (tx) => {
    await tx.recipientProof.update({ where: { recipient }, data: { provenAt, provenBy: actorLabel(ctx.actor) } });
    await recordAudit(tx, ctx, { action: "key.proven", entity: { type: "recipient", id: recipient } });
  });
  return { provenAt: provenAt.toISOString() };
}
