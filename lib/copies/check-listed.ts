import type { ObjectInfo } from "@/lib/engines/object-store/port";
import { mapLimited } from "@/lib/kernel/map-limited";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { type Check, PARALLEL, isDrawn, lookAt, requirePlace } from "./check";
import { EXPECTED_COPIES } from "./copy-place";
import { judgeCopy } from "./judge-copy";
import { judgeLog, listLogFile } from "./judge-log";
import { type BackupGroup, type LogGroup, type ObjectGroup, listGroups } from "./list-groups";
import { type Orphan, recordOrphans } from "./record-orphans";
import { type JudgedCopy, recordCopies } from "./record-copies";
import { type LogRow, recordLogs } from "./record-logs";

/** Groups that are compared with the catalogue by one query. */
const BATCH = 100;

/** Goes through the repository's listing once, page by page, and compares what lies there with the catalogue. */
export async function checkListed(ctx: StepCtx, check: Check): Promise<StepOutcome> {
  const { store } = requirePlace(check);
  let batch: ObjectGroup[] = [];
  let objects = 0;
  for await (const group of listGroups(store, ctx.signal)) {
    objects += group.objects.length;
    if (batch.push(group) < BATCH) continue;
    await checkBatch(ctx, check, batch);
    batch = [];
  }
  await checkBatch(ctx, check, batch);
  return { summary: `${objects} objects listed, ${check.looked} copies and logs looked at`, objects };
}

async function checkBatch(ctx: StepCtx, check: Check, groups: readonly ObjectGroup[]): Promise<void> {
  if (groups.length === 0) return;
  ctx.signal.throwIfAborted();
  const orphans: Orphan[] = groups
    .filter((group) => group.kind === "foreign")
    .flatMap(({ objects }) =>
      objects.map((object) => ({ ...object, reason: "no rule of this repository explains it" })),
    );
  orphans.push(
    ...(await checkBackups(
      ctx,
      check,
      groups.filter((group) => group.kind === "backup"),
    )),
  );
  orphans.push(
    ...(await checkLogs(
      ctx,
      check,
      groups.filter((group) => group.kind === "log"),
    )),
  );
  await recordOrphans(ctx, requirePlace(check), { runId: check.run.id, orphans });
}

async function checkBackups(ctx: StepCtx, check: Check, groups: readonly BackupGroup[]): Promise<Orphan[]> {
  const place = requirePlace(check);
  const rows = await ctx.db.backup.findMany({
    where: { id: { in: groups.map(({ id }) => id) } },
    select: {
      id: true,
      state: true,
      manifest: true,
      system: { select: { name: true } },
      copies: { where: { repositoryId: place.id }, select: { state: true, checkedBy: true } },
    },
  });
  const orphans: Orphan[] = [];
  const judged = await mapLimited(groups, PARALLEL, async (group): Promise<JudgedCopy | null> => {
    const row = rows.find(({ id, system }) => id === group.id && system.name === group.system);
    const copy = row?.copies[0];
    orphans.push(...orphansOf(group, row));
    if (!row || !copy || !isExpected(row.state, copy.state) || copy.checkedBy === place.runId) return null;
    const listed = new Map(group.objects.map(({ key, sizeBytes }) => [key, sizeBytes]));
    const judgement = await lookAt(ctx, check, {
      name: `backup ${group.id}`,
      judge: () => judgeCopy(place, group, { listed, isRead: (key) => isDrawn(check, key) }),
    });
    return judgement && { backupId: group.id, system: group.system, before: copy.state, judgement };
  });
  await recordCopies(
    ctx,
    place,
    judged.filter((each) => each !== null),
  );
  return orphans;
}

/** Whether the catalogue says that the copy should be there, whole. */
export function isExpected(backup: string, copy: string): boolean {
  return (backup === "complete" || backup === "incomplete") && EXPECTED_COPIES.some((state) => state === copy);
}

/** Objects that no manifest of the catalogue names. */
function orphansOf(
  group: BackupGroup,
  row: { state: string; manifest: unknown; copies: readonly { state: string }[] } | undefined,
): Orphan[] {
  const all = (objects: readonly ObjectInfo[], reason: string) => objects.map((object) => ({ ...object, reason }));
  if (!row) return all(group.objects, "its backup is not in the catalogue: see `catalog rebuild`");
  if (row.state === "running") return [];
  if (row.state === "failed") return all(group.objects, "its backup failed");
  if (row.state === "expired") return all(group.objects, "its backup has expired");
  if (row.copies.length === 0) return all(group.objects, "its backup is not expected here: see `catalog rebuild`");
  const [copy] = row.copies;
  if (copy?.state === "expiring") return [];
  if (copy?.state === "expired") return all(group.objects, "its copy here has expired");
  const { parts = [] } = (row.manifest ?? {}) as { parts?: { pieces: { key: string }[] }[] };
  const named = new Set(parts.flatMap(({ pieces }) => pieces.map(({ key }) => key)));
  const unnamed = group.objects.filter(({ key }) => !named.has(key) && !/\/manifest\.json(\.sig)?$/.test(key));
  return all(unnamed, "its backup's manifest does not name it");
}

async function checkLogs(ctx: StepCtx, check: Check, groups: readonly LogGroup[]): Promise<Orphan[]> {
  const place = requirePlace(check);
  const rows = await ctx.db.logCoverage.findMany({
    where: {
      repositoryId: place.id,
      file: { in: groups.map(({ file }) => file) },
      incarnation: { in: groups.map(({ incarnation }) => incarnation) },
    },
    include: { system: { select: { name: true } } },
  });
  const orphans: Orphan[] = [];
  const judged = await mapLimited(groups, PARALLEL, async (group) => {
    const row = rows.find((each) => isSame(group, { ...each, system: each.system.name }));
    if (!row) {
      orphans.push(...group.objects.map((object) => ({ ...object, reason: "its log is not in the catalogue" })));
      return null;
    }
    if (row.checkedBy === place.runId || row.expiredAt) return null;
    const known: LogRow = { ...row, system: row.system.name };
    const judgement = await lookAt(ctx, check, {
      name: `log ${group.incarnation}/${group.file}`,
      judge: () => judgeLogNow(check, known, group.objects),
    });
    return judgement && { row: known, judgement };
  });
  await recordLogs(
    ctx,
    place,
    judged.filter((each) => each !== null),
  );
  return orphans;
}

function isSame(a: Omit<LogGroup, "kind" | "objects">, b: Omit<LogGroup, "kind" | "objects">): boolean {
  return a.system === b.system && a.serverId === b.serverId && a.incarnation === b.incarnation && a.file === b.file;
}

/** The log goes on while it is checked: what an older listing lacks is listed again before it counts as missing. */
export async function judgeLogNow(
  check: Check,
  row: LogRow,
  objects: readonly ObjectInfo[],
): ReturnType<typeof judgeLog> {
  const place = requirePlace(check);
  const isRead = (key: string) => isDrawn(check, key);
  const first = await judgeLog(place, row, { objects, isRead });
  if (first.state === "present") return first;
  return judgeLog(place, row, { objects: await listLogFile(place, row), isRead });
}
