import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { Check } from "./check";
import type { CopyPlace } from "./copy-place";
import { empty, readHoldings } from "./read-holdings";
import type { Holdings } from "./schemas";

/** Stores that everything was looked at, and what is there now. */
export async function recordExamination(ctx: JobCtx, place: CopyPlace, check: Check): Promise<Holdings> {
  requirePermission(ctx, "job.perform");
  return ctx.transaction(async (tx) => {
    const found = (await readHoldings(tx)).get(place.id) ?? { backups: empty(), logs: empty(), orphans: 0 };
    await tx.repository.update({
      where: { id: place.id },
      data: { examinedAt: ctx.now(), examination: { ...found, readBytes: check.readBytes, run: check.run.id } },
    });
    const isWhole = [found.backups, found.logs].every(({ missing, damaged }) => missing + damaged === 0);
    await recordAudit(tx, ctx, {
      action: "repository.checked",
      entity: { type: "repository", id: place.name },
      ...(isWhole ? {} : { severity: "high" as const }),
      metadata: { run: check.run.id, read: check.read, readBytes: check.readBytes, ...found },
    });
    return found;
  });
}
