import type { Prisma } from "@/lib/db/client";
import { summarizeError } from "@/lib/kernel/errors";
import { formatCountOf } from "@/lib/kernel/format";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { compareLogFiles } from "@/lib/recovery";
import { declaredBackups } from "@/lib/settings/schemas";
import { copyLog } from "./copy-log";
import { judgeLog, listLogFile } from "./judge-log";
import { recordLogs } from "./record-logs";
import { addCoverage } from "./add-coverage";
import { type Repair, isOutcome, noteFailure, openSource, requireTarget } from "./repair";

const PAGE = 100;

interface WantedLog {
  row: CoverageRow;
  /** Of the target's row; null: the file never came here. */
  state: string | null;
}

export type CoverageRow = Prisma.LogCoverageGetPayload<{
  include: { system: { select: { name: true } }; repository: { select: { name: true } } };
}>;

/** Brings every log file that is missing or damaged here, or never came here, from a repository that holds it well. */
export async function repairLogs(ctx: StepCtx, repair: Repair): Promise<StepOutcome> {
  const before = repair.mended;
  const failed = new Map<string, string>();
  for (const source of await otherRepositories(ctx, repair)) {
    for await (const rows of listSources(ctx, source.id)) {
      await repairWanted(ctx, repair, { wanted: await wantedOf(ctx, repair, rows), failed });
      ctx.run.progress({ done: repair.mended - before, total: null, unit: "files" });
    }
  }
  await noteUnhelped(ctx, repair, failed);
  for (const [name, message] of failed) noteFailure(ctx, repair, { name, message });
  return { summary: `${formatCountOf(repair.mended - before, "log file")} mended` };
}

async function repairWanted(
  ctx: StepCtx,
  repair: Repair,
  { wanted, failed }: { wanted: readonly WantedLog[]; failed: Map<string, string> },
): Promise<void> {
  for (const log of wanted) {
    ctx.signal.throwIfAborted();
    const name = `log ${log.row.incarnation}/${log.row.file}`;
    const error = await repairLog(ctx, repair, log);
    if (error === null) failed.delete(name);
    else failed.set(name, error);
  }
}

async function otherRepositories(ctx: StepCtx, repair: Repair): Promise<{ id: string; name: string }[]> {
  return ctx.db.repository.findMany({
    where: { removedAt: null, id: { not: requireTarget(repair).id } },
    orderBy: { createdAt: "asc" },
    select: { id: true, name: true },
  });
}

/** What a repository has, page by page. */
async function* listSources(ctx: StepCtx, repositoryId: string): AsyncGenerator<CoverageRow[]> {
  let last: CoverageRow | undefined;
  for (;;) {
    const rows: CoverageRow[] = await ctx.db.logCoverage.findMany({
      where: {
        repositoryId,
        state: "present",
        expiredAt: null,
        startOffset: 0,
        ...(last
          ? {
              OR: [
                { systemId: { gt: last.systemId } },
                { systemId: last.systemId, serverId: { gt: last.serverId } },
                { systemId: last.systemId, serverId: last.serverId, incarnation: { gt: last.incarnation } },
                {
                  systemId: last.systemId,
                  serverId: last.serverId,
                  incarnation: last.incarnation,
                  file: { gt: last.file },
                },
              ],
            }
          : {}),
      },
      orderBy: [{ systemId: "asc" }, { serverId: "asc" }, { incarnation: "asc" }, { file: "asc" }],
      take: PAGE,
      include: { system: { select: { name: true } }, repository: { select: { name: true } } },
    });
    if (rows.length > 0) yield rows;
    last = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}

/**
 * Those that the target lacks. A file that never came here is brought only when the log has gone past it: what lies
 * before the newest that is shipped is the shipping's own to bring.
 */
async function wantedOf(ctx: StepCtx, repair: Repair, rows: readonly CoverageRow[]): Promise<WantedLog[]> {
  const target = requireTarget(repair);
  const [here, systems] = await Promise.all([
    ctx.db.logCoverage.findMany({
      where: { repositoryId: target.id, file: { in: rows.map(({ file }) => file) } },
      select: { systemId: true, serverId: true, incarnation: true, file: true, state: true, expiredAt: true },
    }),
    ctx.db.system.findMany({ select: { id: true, name: true, logIncarnation: true } }),
  ]);
  const wanted: WantedLog[] = [];
  const reached = new Map<string, string | null>();
  for (const row of rows) {
    const own = here.find((each) => isSameFile(each, row));
    if (own && isLost(own)) wanted.push({ row, state: own.state });
    const system = systems.find(({ id }) => id === row.systemId);
    if (own || !system || !goesHere(repair, system.name)) continue;
    const series = `${row.systemId}/${row.serverId}/${row.incarnation}`;
    if (!reached.has(series)) reached.set(series, await newestFile(ctx, target.id, row));
    const newest = reached.get(series) ?? null;
    const isBehind = newest !== null && compareLogFiles(row.file, newest) < 0;
    if (isBehind || system.logIncarnation !== row.incarnation) wanted.push({ row, state: null });
  }
  return wanted;
}

/** What retention deletes is lost to nobody. */
function isLost({ state, expiredAt }: { state: string; expiredAt: Date | null }): boolean {
  return state !== "present" && expiredAt === null;
}

function goesHere({ configuration, repository }: Repair, name: string): boolean {
  const declared = declaredBackups(configuration.systems[name]);
  return declared.some(({ type, to }) => type === "log" && to.includes(repository));
}

type FileOf = Pick<CoverageRow, "systemId" | "serverId" | "incarnation" | "file">;

function isSameFile(a: FileOf, b: FileOf): boolean {
  return a.systemId === b.systemId && a.serverId === b.serverId && a.incarnation === b.incarnation && a.file === b.file;
}

/** The newest file of a series that was shipped here: those before it will not be shipped any more. */
async function newestFile(ctx: StepCtx, repositoryId: string, row: CoverageRow): Promise<string | null> {
  const { systemId, serverId, incarnation } = row;
  const newest = await ctx.db.logCoverage.findFirst({
    where: { repositoryId, systemId, serverId, incarnation },
    orderBy: { updatedAt: "desc" },
    select: { file: true },
  });
  return newest?.file ?? null;
}

/** Returns why it could not be mended, or null when it was. */
async function repairLog(
  ctx: StepCtx,
  repair: Repair,
  { row, state }: { row: CoverageRow; state: string | null },
): Promise<string | null> {
  const target = requireTarget(repair);
  const source = await openSource(ctx, repair, row.repository.name);
  if (!source) return `repository "${row.repository.name}" does not answer`;
  const log = { ...row, system: row.system.name };
  try {
    repair.copiedBytes += await copyLog(
      ctx,
      { source, target, identityFile: repair.configuration.keys.identityFile },
      log,
    );
    const known = state === null ? row : await ownRow(ctx, target.id, row);
    const objects = await listLogFile(target, log);
    const judgement = await judgeLog(target, { ...log, endOffset: known.endOffset }, { objects, isRead: () => true });
    if (judgement.state !== "present") return judgement.error;
    if (state === null) await addCoverage(ctx, target, { row, objects });
    else await recordLogs(ctx, target, [{ row: { ...log, endOffset: known.endOffset, state }, judgement }]);
    ctx.run.say(`log ${row.file} is in ${target.name} again`);
    repair.mended += 1;
    return null;
  } catch (error) {
    if (!isOutcome(ctx, error)) throw error;
    return summarizeError(error).message;
  }
}

async function ownRow(ctx: StepCtx, repositoryId: string, row: CoverageRow): Promise<{ endOffset: bigint }> {
  const { systemId, serverId, incarnation, file } = row;
  return ctx.db.logCoverage.findFirstOrThrow({
    where: { repositoryId, systemId, serverId, incarnation, file },
    select: { endOffset: true },
  });
}

/** Logs that are lost here, and that no other repository has. */
async function noteUnhelped(ctx: StepCtx, repair: Repair, failed: Map<string, string>): Promise<void> {
  const lost = await ctx.db.logCoverage.findMany({
    where: { repositoryId: requireTarget(repair).id, state: { not: "present" }, expiredAt: null },
    select: { incarnation: true, file: true },
    take: 1_000,
  });
  for (const { incarnation, file } of lost) {
    const name = `log ${incarnation}/${file}`;
    if (!failed.has(name)) failed.set(name, "no other repository holds it");
  }
}
