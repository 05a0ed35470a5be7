import { LINKS } from "@/lib/backups";
import type { Prisma } from "@/lib/db/client";
import { type CopyPlace, EXPECTED_COPIES, judgeCopy, openPlace, recordCopies } from "@/lib/copies";
import { requirePermission } from "@/lib/kernel/permissions";
import type { StepCtx } from "@/lib/runs";
import { noteFinding } from "./note-finding";

const COPIES_A_PAGE = 50;

/**
 * Looks whether each backup that counts is in each repository that should have it, with all of its objects and their
 * sizes. What is not there is stored with the copy, as a check of the repository does, and is a finding.
 * @returns how many copies were looked at, and not whole
 * @throws EngineError while a store is away: then nothing is said of its copies
 */
export async function checkCopies(
  ctx: StepCtx,
  { systemId, system }: { systemId: string; system: string },
): Promise<{ copies: number; bad: number }> {
  const repositories = await ctx.db.repository.findMany({
    where: { removedAt: null, copies: { some: { backup: { systemId }, state: { in: [...EXPECTED_COPIES] } } } },
    select: { name: true },
    orderBy: { name: "asc" },
  });
  const found = { copies: 0, bad: 0 };
  const total = await ctx.db.backupCopy.count({
    where: { repository: { removedAt: null }, state: { in: [...EXPECTED_COPIES] }, backup: countedBackups(systemId) },
  });
  for (const { name } of repositories) {
    await checkPlace(ctx, { place: await openPlace(ctx, name, ctx.run.id), systemId, system, found, total });
  }
  return found;
}

function countedBackups(systemId: string): Prisma.BackupWhereInput {
  return { systemId, OR: [...LINKS.OR, { type: "log" }], state: { in: ["complete", "incomplete"] } };
}

interface PlaceCheck {
  place: CopyPlace;
  systemId: string;
  system: string;
  found: { copies: number; bad: number };
  /** Copies in all repositories. */
  total: number;
}

async function checkPlace(ctx: StepCtx, check: PlaceCheck): Promise<void> {
  for (let after: string | undefined; ;) {
    const rows = await ctx.db.backupCopy.findMany({
      where: {
        repositoryId: check.place.id,
        state: { in: [...EXPECTED_COPIES] },
        backup: countedBackups(check.systemId),
        ...(after ? { backupId: { gt: after } } : {}),
      },
      orderBy: { backupId: "asc" },
      take: COPIES_A_PAGE,
      select: { backupId: true, state: true },
    });
    for (const row of rows) {
      await checkCopy(ctx, check, row);
      ctx.run.progress({ done: check.found.copies, total: check.total, unit: "checks" });
    }
    after = rows.at(-1)?.backupId;
    if (rows.length < COPIES_A_PAGE) return;
  }
}

async function checkCopy(
  ctx: StepCtx,
  { place, systemId, system, found }: PlaceCheck,
  { backupId, state: before }: { backupId: string; state: string },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  ctx.signal.throwIfAborted();
  const judgement = await judgeCopy(place, { system, id: backupId }, { isRead: () => false });
  await recordCopies(ctx, place, [{ backupId, system, before, judgement }]);
  found.copies += 1;
  if (judgement.state === "present") return;
  found.bad += 1;
  await ctx.transaction((tx) =>
    noteFinding(tx, ctx, {
      systemId,
      backupId,
      runId: ctx.run.id,
      kind: "copy",
      subject: `${backupId} ${place.name}`,
      title: `A copy in ${place.name} is ${judgement.state}`,
      detail: judgement.error,
    }),
  );
}
