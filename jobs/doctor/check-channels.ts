import type { Ctx } from "@/lib/db/context";
import type { Engines } from "@/lib/engines/ports";
import type { Configuration } from "@/lib/settings/schemas";
import { type Finding, fail, look, ok, warn } from "./finding";

/** Each declared channel: whether its secrets are in this environment, and whether its newest message arrived. Sends nothing. */
export async function checkChannels(ctx: Ctx, engines: Engines, configuration: Configuration): Promise<Finding[]> {
  const channels = Object.entries(configuration.channels);
  if (channels.length === 0) {
    return [warn("channels", "none is declared: nobody hears of an alert", "Declare `channels` in holdfast.yaml.")];
  }
  const findings = await Promise.all(
    channels.map(([channel, { kind }]) =>
      look(`channel ${channel}`, async () => {
        await (kind === "smtp" ? engines.mailer(channel) : engines.webhook(channel));
        return [await checkNewest(ctx, channel)];
      }),
    ),
  );
  return findings.flat();
}

async function checkNewest(ctx: Ctx, channel: string): Promise<Finding> {
  const name = `channel ${channel}`;
  const newest = await ctx.db.alertDelivery.findFirst({
    where: { channel, endedAt: { not: null } },
    orderBy: { endedAt: "desc" },
  });
  const fix = `Try it: holdfast alert test ${channel}`;
  if (!newest) return warn(name, "nothing was sent over it yet", fix);
  const at = newest.endedAt?.toISOString() ?? "";
  if (newest.state === "delivered") return ok(name, `delivered to ${newest.recipient} at ${at}`);
  return fail(name, `undelivered to ${newest.recipient} at ${at}: ${newest.lastAnswer ?? "no answer"}`, fix);
}
