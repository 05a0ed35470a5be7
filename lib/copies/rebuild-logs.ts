import type { Prisma } from "@/lib/db/client";
import { mapLimited } from "@/lib/kernel/map-limited";
import { coverLog } from "@/lib/recovery";
import { PARALLEL } from "./check";
import { type LogHolding, readLogHolding } from "./judge-log";
import type { LogGroup } from "./list-groups";
import { type Rebuild, refuse } from "./rebuild";

type LogRow = Prisma.LogCoverageCreateManyInput;

/**
 * The rows of log files. A closed log's signed facts tell all of it; of segments only the names speak, without times:
 * what such a log can bring back is known again when it is closed, or from the repository itself at a recovery.
 */
export async function rebuildLogs(rebuild: Rebuild, groups: readonly LogGroup[]): Promise<LogRow[]> {
  const rows = await mapLimited(groups, PARALLEL, async (group): Promise<LogRow | null> => {
    const systemId = rebuild.systems.get(group.system);
    const key = group.objects[0]?.key ?? group.file;
    if (!systemId) return refuse(rebuild, { key, reason: `system "${group.system}" is not declared` });
    const holding = await readLogHolding(rebuild.place, group, group.objects);
    const covered = coveredBy(holding, group.file);
    if (covered === null) return refuse(rebuild, { key, reason: holding.fault ?? "it does not begin at byte 0" });
    if (!holding.closed && holding.fault) refuse(rebuild, { key, reason: holding.fault });
    const { serverId, incarnation, file } = group;
    return {
      systemId,
      repositoryId: rebuild.place.id,
      serverId,
      incarnation,
      file,
      startOffset: 0,
      updatedAt: modifiedAt(group),
      ...covered,
      ...factsOf(holding),
    };
  });
  return rows.filter((each) => each !== null);
}

function coveredBy(
  { closed, segments }: LogHolding,
  file: string,
): Pick<LogRow, "endOffset" | "segments" | "storedBytes"> | null {
  if (closed) return { endOffset: closed.facts.sizeBytes, segments: 1, storedBytes: closed.sizeBytes };
  const { pieces, end } = coverLog(segments, { file, offset: 0 });
  if (pieces.length === 0) return null;
  const sizes = new Map(segments.map((segment) => [segment.key, segment.storedBytes]));
  const storedBytes = pieces.reduce((sum, { key }) => sum + (sizes.get(key) ?? 0), 0);
  return { endOffset: end.offset, segments: pieces.length, storedBytes };
}

function factsOf({ closed }: LogHolding): Partial<LogRow> {
  if (!closed) return {};
  const { nextFile, firstGtid, lastGtid, firstAt, lastAt, heartbeatAt, fileId } = closed.facts;
  const at = closed.modifiedAt;
  return { nextFile, firstGtid, lastGtid, firstAt, lastAt, heartbeatAt, fileId, closedAt: at, compactedAt: at };
}

/** Of its newest object. */
function modifiedAt({ objects }: LogGroup): Date {
  return objects.reduce((newest, each) => (each.modifiedAt > newest ? each.modifiedAt : newest), new Date(0));
}
