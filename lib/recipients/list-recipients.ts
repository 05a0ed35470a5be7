import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { loadConfiguration } from "@/lib/settings";
import type { RecipientView } from "./schemas";

/** A key that nobody has tried for so long may be lost as well. */
const OLD_MS = 180 * 86_400_000;

/** The declared recipients of every backup, and whether each was shown to open one. */
export async function listRecipients(ctx: Ctx): Promise<RecipientView[]> {
  requirePermission(ctx, "configuration.read");
  return readRecipients(ctx);
}

/** The same for verbs of other domains: no permission of its own. */
export async function readRecipients(ctx: Pick<Ctx, "db" | "now">): Promise<RecipientView[]> {
  const { configuration } = await loadConfiguration(ctx);
  const { recipients } = configuration.keys;
  const rows = await ctx.db.recipientProof.findMany({ where: { recipient: { in: recipients } } });
  return recipients.map((recipient) => {
    const row = rows.find((each) => each.recipient === recipient);
    return {
      recipient,
      state: stateOf(row, ctx.now()),
      askedAt: row?.askedAt.toISOString() ?? null,
      provenAt: row?.provenAt?.toISOString() ?? null,
      provenBy: row?.provenBy ?? null,
    };
  });
}

function stateOf(row: { provenAt: Date | null } | undefined, now: Date): RecipientView["state"] {
  if (!row) return "never";
  if (!row.provenAt) return "asked";
  return now.getTime() - row.provenAt.getTime() > OLD_MS ? "old" : "proven";
}
