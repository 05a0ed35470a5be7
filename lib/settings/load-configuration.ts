import type { Ctx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import { Configuration } from "./schemas";

export interface LoadedConfiguration {
  version: number;
  configuration: Configuration;
}

/** The applied configuration, or null before the first `holdfast apply`. For verbs of other domains: no permission of its own. */
export async function findConfiguration(ctx: Pick<Ctx, "db">): Promise<LoadedConfiguration | null> {
  const row = await ctx.db.configuration.findFirst({ orderBy: { version: "desc" } });
  return row ? { version: row.version, configuration: Configuration.parse(row.document) } : null;
}

/** The applied configuration. @throws PreconditionError before the first `holdfast apply` */
export async function loadConfiguration(ctx: Pick<Ctx, "db">): Promise<LoadedConfiguration> {
  const loaded = await findConfiguration(ctx);
  if (loaded) return loaded;
  throw new PreconditionError("no estate is declared yet", { hint: "Run `holdfast apply -f holdfast.yaml` first." });
}
