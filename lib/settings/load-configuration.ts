import type { Ctx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import { Configuration } from "./schemas";

export interface LoadedConfiguration {
  version: number;
  configuration: Configuration;
}

/**
 * The applied configuration, or null before the first `holdfast apply`. For verbs of other domains: no permission of its own.
 * @throws PreconditionError when another version applied it and this one cannot read it
 */
export async function findConfiguration(ctx: Pick<Ctx, "db">): Promise<LoadedConfiguration | null> {
  const row = await ctx.db.configuration.findFirst({ orderBy: { version: "desc" } });
  if (!row) return null;
  const parsed = Configuration.safeParse(row.document);
  if (parsed.success) return { version: row.version, configuration: parsed.data };
  const where = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw new PreconditionError(`the applied configuration is not what this version reads: ${where}`, {
    hint: "Was it applied by another version? Mend holdfast.yaml at these places and apply it again.",
  });
}

/** The applied configuration. @throws PreconditionError before the first `holdfast apply` */
export async function loadConfiguration(ctx: Pick<Ctx, "db">): Promise<LoadedConfiguration> {
  const loaded = await findConfiguration(ctx);
  if (loaded) return loaded;
  throw new PreconditionError("no estate is declared yet", { hint: "Run `holdfast apply -f holdfast.yaml` first." });
}
