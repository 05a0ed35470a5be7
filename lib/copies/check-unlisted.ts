import { mapLimited } from "@/lib/kernel/map-limited";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { type Check, PARALLEL, isDrawn, lookAt, requirePlace } from "./check";
import { judgeLogNow } from "./check-listed";
import { EXPECTED_COPIES } from "./copy-place";
import { judgeCopy } from "./judge-copy";
import { type JudgedCopy, recordCopies } from "./record-copies";
import { type LogRow, recordLogs } from "./record-logs";
import { listLogFile } from "./judge-log";
import { forgetOrphans } from "./record-orphans";

const PAGE = 100;

/** Asks for each copy and log of the catalogue that the listing did not bring: only the store's own no makes it missing. */
export async function checkUnlisted(ctx: StepCtx, check: Check): Promise<StepOutcome> {
  const before = check.looked;
  await checkCopies(ctx, check);
  await checkLogs(ctx, check);
  await forgetOrphans(ctx, requirePlace(check), check.run.id);
  return { summary: `${check.looked - before} copies and logs asked for by name` };
}

/** Those that the run did not look at yet. */
const unseen = (check: Check) => ({ OR: [{ checkedBy: null }, { checkedBy: { not: check.run.id } }] });

async function checkCopies(ctx: StepCtx, check: Check): Promise<void> {
  const place = requirePlace(check);
  let after: string | null = null;
  for (;;) {
    const rows: { backupId: string; state: string; backup: { system: { name: string } } }[] =
      await ctx.db.backupCopy.findMany({
        where: {
          repositoryId: place.id,
          state: { in: [...EXPECTED_COPIES] },
          backup: { state: { in: ["complete", "incomplete"] } },
          ...unseen(check),
          ...(after === null ? {} : { backupId: { gt: after } }),
        },
        orderBy: { backupId: "asc" },
        take: PAGE,
        select: { backupId: true, state: true, backup: { select: { system: { select: { name: true } } } } },
      });
    const judged = await mapLimited(rows, PARALLEL, async (row): Promise<JudgedCopy | null> => {
      const system = row.backup.system.name;
      const backup = { system, id: row.backupId };
      const judgement = await lookAt(ctx, check, {
        name: `backup ${row.backupId}`,
        judge: () => judgeCopy(place, backup, { isRead: (key) => isDrawn(check, key) }),
      });
      return judgement && { backupId: row.backupId, system, before: row.state, judgement };
    });
    await recordCopies(
      ctx,
      place,
      judged.filter((each) => each !== null),
    );
    after = rows.at(-1)?.backupId ?? null;
    if (rows.length < PAGE) return;
  }
}

async function checkLogs(ctx: StepCtx, check: Check): Promise<void> {
  const place = requirePlace(check);
  let cursor: Awaited<ReturnType<typeof page>>[number] | undefined;
  const page = (last: { systemId: string; serverId: string; incarnation: string; file: string } | undefined) =>
    ctx.db.logCoverage.findMany({
      where: { repositoryId: place.id, expiredAt: null, ...(last ? { OR: after(last) } : {}), AND: unseen(check) },
      orderBy: [{ systemId: "asc" }, { serverId: "asc" }, { incarnation: "asc" }, { file: "asc" }],
      take: PAGE,
      include: { system: { select: { name: true } } },
    });
  for (;;) {
    const rows = await page(cursor);
    const judged = await mapLimited(rows, PARALLEL, async (each) => {
      const row: LogRow = { ...each, system: each.system.name };
      const judgement = await lookAt(ctx, check, {
        name: `log ${row.incarnation}/${row.file}`,
        judge: async () => judgeLogNow(check, row, await listLogFile(place, row)),
      });
      return judgement && { row, judgement };
    });
    await recordLogs(
      ctx,
      place,
      judged.filter((each) => each !== null),
    );
    cursor = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}

/** Behind a row, in the order of the primary key. */
function after(last: { systemId: string; serverId: string; incarnation: string; file: string }) {
  const { systemId, serverId, incarnation, file } = last;
  return [
    { systemId: { gt: systemId } },
    { systemId, serverId: { gt: serverId } },
    { systemId, serverId, incarnation: { gt: incarnation } },
    { systemId, serverId, incarnation, file: { gt: file } },
  ];
}
