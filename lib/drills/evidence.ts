import { z } from "zod";
import type { Prisma } from "@/lib/db/client";
import type { Ctx, Tx } from "@/lib/db/context";
import { RUN_KINDS } from "@/lib/runs/schemas";
import { GRACE_MS } from "./model";
import type { EvidenceRule } from "./requirements";
import type { EvidenceView } from "./schemas";

const INCLUDE = { system: { select: { name: true } } } as const;
type EvidenceRow = Prisma.RunGetPayload<{ include: typeof INCLUDE }>;

const Mode = z.enum(["drill", "live"]).nullable();

function secondsOf(ms: bigint | null): number | null {
  return ms === null ? null : Number(ms) / 1_000;
}

function toEvidenceView(run: EvidenceRow): EvidenceView {
  return {
    runId: run.id,
    title: run.title,
    kind: z.enum(RUN_KINDS).parse(run.kind),
    mode: Mode.parse(run.mode),
    system: run.system?.name ?? null,
    endedAt: (run.endedAt ?? run.queuedAt).toISOString(),
    rtoActualSeconds: secondsOf(run.rtoActualMs),
    rpoActualSeconds: secondsOf(run.rpoActualMs),
  };
}

/** The runs of these ids, for tasks that name them as evidence. */
export async function readEvidence(db: Tx | Ctx["db"], runIds: string[]): Promise<Map<string, EvidenceView>> {
  const runs = await db.run.findMany({ where: { id: { in: runIds } }, include: INCLUDE });
  return new Map(runs.map((run) => [run.id, toEvidenceView(run)]));
}

/** What a run must be to prove a task of a period: succeeded, ended within it, of a fitting kind. A null rule takes any
 *  succeeded run of the period. */
async function conditionOf(
  db: Tx | Ctx["db"],
  rule: EvidenceRule | null,
  span: { startsAt: Date; dueAt: Date },
): Promise<Prisma.RunWhereInput> {
  const within = { gte: span.startsAt, lte: new Date(span.dueAt.getTime() + GRACE_MS) };
  const ended = { state: "succeeded", endedAt: within } as const;
  if (!rule) return ended;
  const passed = await db.verification.findMany({
    where: { level: { in: [...rule.levels] }, verdict: "pass", runId: { not: null }, at: within },
    select: { runId: true },
    distinct: ["runId"],
  });
  const ids = passed.flatMap(({ runId }) => (runId === null ? [] : [runId]));
  const kinds: Record<EvidenceRule["kinds"][number], Prisma.RunWhereInput> = {
    backup: { kind: "backup" },
    cut: { kind: "cut" },
    restore: { kind: "restore" },
    verification: { kind: "verification", id: { in: ids } },
    retention: { kind: "retention" },
    check: { kind: "check" },
    repair: { kind: "repair" },
    runbook: { kind: "runbook", ...(rule.scenario === null ? {} : { runbook: { startsWith: rule.scenario } }) },
  };
  return {
    ...ended,
    OR: rule.kinds.map((kind) => kinds[kind]),
    ...(rule.isMeasured ? { rtoActualMs: { not: null }, rpoActualMs: { not: null } } : {}),
  };
}

export interface EvidenceSearch {
  rule: EvidenceRule | null;
  startsAt: Date;
  dueAt: Date;
}

/** Runs that prove a task, newest first. */
export async function findEvidence(
  db: Tx | Ctx["db"],
  search: EvidenceSearch,
  only: { limit: number; runId?: string },
): Promise<EvidenceView[]> {
  const condition = await conditionOf(db, search.rule, search);
  const runs = await db.run.findMany({
    where: { AND: [condition, only.runId === undefined ? {} : { id: only.runId }] },
    orderBy: { endedAt: "desc" },
    take: only.limit,
    include: INCLUDE,
  });
  return runs.map(toEvidenceView);
}
