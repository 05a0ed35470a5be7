import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { SUMMARY_INCLUDE, toRunDetail } from "./run-view";
import { GetRunInput, type RunDetail } from "./schemas";

/** A run with its steps. @throws NotFoundError */
export async function getRun(ctx: Ctx, input: { id: string }): Promise<RunDetail> {
  requirePermission(ctx, "run.read");
  const { id } = GetRunInput.parse(input);
  const row = await ctx.db.run.findUnique({ where: { id }, include: SUMMARY_INCLUDE });
  if (!row) throw new NotFoundError("run", id);
  return toRunDetail(row);
}
