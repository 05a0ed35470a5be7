import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { type Check, assertAllAnswered, beginCheck, lookAt, requirePlace } from "./check";
import { freshCopies } from "./fresh-copies";
import { judgeCopy } from "./judge-copy";
import { openPlace } from "./open-place";
import { recordCopies } from "./record-copies";

const PAGE = 20;

/** The steps of reading back what was written: every byte of each copy that no run has looked at yet. */
export function planReadBack(run: ClaimedRun): RunPlan<Check> {
  const step = { repeatable: true, ephemeral: true, owner: "repositories" };
  return {
    shared: beginCheck(run),
    steps: [
      { ...step, key: "open", title: "Open the repository and compare its identity", perform: open },
      { ...step, key: "read", title: "Read every new copy and compare its digests", perform: readFresh },
    ],
    result: ({ result = {} }) => result,
  };
}

async function open(ctx: StepCtx, check: Check): Promise<StepOutcome> {
  const place = (check.place = await openPlace(ctx, check.repository, check.run.id));
  check.total = await ctx.db.backupCopy.count({ where: { ...freshCopies(ctx.now()), repositoryId: place.id } });
  return { summary: formatCountOf(check.total, "new copy").replace("copys", "copies") };
}

/** @throws EngineError when one could not be read: it is not called checked, and the next run reads it */
async function readFresh(ctx: StepCtx, check: Check): Promise<StepOutcome> {
  const place = requirePlace(check);
  let lost = 0;
  for (let after: string | undefined; ;) {
    const rows = await ctx.db.backupCopy.findMany({
      where: { ...freshCopies(ctx.now()), repositoryId: place.id, ...(after ? { backupId: { gt: after } } : {}) },
      orderBy: { backupId: "asc" },
      take: PAGE,
      select: { backupId: true, state: true, backup: { select: { system: { select: { name: true } } } } },
    });
    for (const { backupId, state, backup } of rows) {
      ctx.signal.throwIfAborted();
      const copy = { id: backupId, system: backup.system.name };
      const judgement = await lookAt(ctx, check, {
        name: `backup ${backupId}`,
        judge: () => judgeCopy(place, copy, { isRead: () => true }),
      });
      if (!judgement) continue;
      if (judgement.state !== "present") lost += 1;
      await recordCopies(ctx, place, [{ backupId, system: copy.system, before: state, judgement }]);
    }
    after = rows.at(-1)?.backupId;
    if (rows.length < PAGE) break;
  }
  assertAllAnswered(check);
  check.result = { repository: check.repository, copies: check.looked, lost, readBytes: check.readBytes };
  return {
    summary: `${formatBytes(check.readBytes)} read, ${lost === 0 ? "all as they were written" : `${lost} lost`}`,
  };
}
