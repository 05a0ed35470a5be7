import type { Prisma } from "@/lib/db/client";
import type { FindingKind, FindingView } from "./schemas";

export const FINDING_INCLUDE = { system: { select: { name: true } } } as const satisfies Prisma.FindingInclude;

type FindingRow = Prisma.FindingGetPayload<{ include: typeof FINDING_INCLUDE }>;

export function toFindingView(row: FindingRow, now: Date): FindingView {
  return {
    id: row.id,
    system: row.system?.name ?? null,
    kind: row.kind as FindingKind,
    title: row.title,
    detail: row.detail,
    backupId: row.backupId,
    runId: row.runId,
    owner: row.owner,
    dueAt: row.dueAt.toISOString(),
    isOverdue: row.closedAt === null && row.dueAt < now,
    openedAt: row.openedAt.toISOString(),
    seenAt: row.seenAt.toISOString(),
    times: row.times,
    closedAt: row.closedAt?.toISOString() ?? null,
    closedBy: row.closedByLabel,
    note: row.note,
  };
}
