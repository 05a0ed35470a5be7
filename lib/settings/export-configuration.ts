import { stringify } from "yaml";
import type { Ctx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import type { ConfigurationView } from "./schemas";

/** The applied configuration written out again: applying it changes nothing. */
export async function exportConfiguration(ctx: Ctx): Promise<ConfigurationView> {
  requirePermission(ctx, "configuration.read");
  const row = await ctx.db.configuration.findFirst({ orderBy: { version: "desc" } });
  if (!row) {
    throw new PreconditionError("no estate is declared yet", { hint: "Run `holdfast apply -f holdfast.yaml` first." });
  }
  return toView(row);
}

/** Every applied version, newest first (at most 50). */
export async function listConfigurations(ctx: Ctx): Promise<ConfigurationView[]> {
  requirePermission(ctx, "configuration.read");
  const rows = await ctx.db.configuration.findMany({ orderBy: { version: "desc" }, take: 50 });
  return rows.map(toView);
}

function toView(row: {
  version: number;
  appliedAt: Date;
  appliedBy: string;
  digest: string;
  document: unknown;
}): ConfigurationView {
  return {
    version: row.version,
    appliedAt: row.appliedAt.toISOString(),
    appliedBy: row.appliedBy,
    digest: row.digest,
    text: stringify(row.document, { lineWidth: 120 }),
  };
}
