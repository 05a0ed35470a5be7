import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { loadConfiguration } from "@/lib/settings";
import { recipientsOf } from "./recipients";
import { TestChannelInput } from "./schemas";

/** Asks for a test message over a channel, to everybody on its own list. A runner sends it, once.
 *  @returns the deliveries to look at @throws NotFoundError for a channel that is not declared */
export async function testChannel(ctx: Ctx, input: TestChannelInput): Promise<{ deliveryIds: string[] }> {
  requirePermission(ctx, "alert.test");
  const { channel } = TestChannelInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  if (!configuration.channels[channel]) throw new NotFoundError("channel", channel);
  const now = ctx.now();
  const deliveries = recipientsOf(configuration, channel, null).map((each) => ({ ...each, id: newId() }));
  return ctx.transaction(async (tx) => {
    await tx.alertDelivery.createMany({
      data: deliveries.map((each) => ({ ...each, state: "pending", createdAt: now, nextTryAt: now })),
    });
    await recordAudit(tx, ctx, {
      action: "channel.tested",
      entity: { type: "channel", id: channel },
      metadata: { recipients: deliveries.map((each) => each.recipient) },
    });
    return { deliveryIds: deliveries.map((each) => each.id) };
  });
}
