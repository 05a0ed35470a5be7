import { z } from "zod";
import type { Prisma } from "@/lib/db/client";
import type { Ctx, Tx } from "@/lib/db/context";
import { actorId } from "@/lib/kernel/actor";
import { NotFoundError } from "@/lib/kernel/errors";
import { isAllowed } from "@/lib/kernel/permissions";
import { readEvidence } from "./evidence";
import { drillStateOf, isLate, parsePeriod } from "./model";
import { REQUIREMENTS, findRequirement } from "./requirements";
import {
  CADENCES,
  DRILL_STATES,
  type DrillPeriodView,
  type DrillState,
  type DrillTaskView,
  type EvidenceView,
} from "./schemas";

export type TaskRow = Prisma.DrillTaskGetPayload<object>;

/** Whether the one who asks may sign it: a person, and another one than did it. */
export function isAnotherPerson(ctx: Pick<Ctx, "actor">, task: Pick<TaskRow, "doneBy">): boolean {
  return (ctx.actor.kind === "user" || ctx.actor.kind === "shell") && task.doneBy !== actorId(ctx.actor);
}

function toTime(at: Date | null): string | null {
  return at ? at.toISOString() : null;
}

function rightsOf(ctx: Ctx, task: TaskRow, state: DrillState): Pick<DrillTaskView, "mayComplete" | "maySign"> {
  return {
    mayComplete: (state === "due" || state === "overdue") && isAllowed(ctx.actor, "drill.complete"),
    maySign: state === "done" && isAllowed(ctx.actor, "drill.sign") && isAnotherPerson(ctx, task),
  };
}

function toTaskView(ctx: Ctx, task: TaskRow, evidence: Map<string, EvidenceView>): DrillTaskView {
  const requirement = findRequirement(task.requirement);
  const state = drillStateOf(task, ctx.now());
  return {
    id: task.id,
    requirement: task.requirement,
    title: requirement?.title ?? task.requirement,
    cadence: z.enum(CADENCES).parse(task.cadence),
    period: task.period,
    dueAt: task.dueAt.toISOString(),
    state,
    isLate: isLate(task, ctx.now()),
    provenBy: requirement?.evidence ? "run" : "note",
    doneAt: toTime(task.doneAt),
    doneBy: task.doneByLabel,
    note: task.note,
    evidence: task.evidenceRunId === null ? null : (evidence.get(task.evidenceRunId) ?? null),
    signedAt: toTime(task.signedAt),
    signedBy: task.signedByLabel,
    ...rightsOf(ctx, task, state),
  };
}

/** Tasks as their views, in the order given. */
export async function toTaskViews(db: Tx | Ctx["db"], ctx: Ctx, tasks: TaskRow[]): Promise<DrillTaskView[]> {
  const runIds = tasks.flatMap((task) => (task.evidenceRunId === null ? [] : [task.evidenceRunId]));
  const evidence = await readEvidence(db, runIds);
  return tasks.map((task) => toTaskView(ctx, task, evidence));
}

/** One task's view, as it is now. */
export async function readTaskView(tx: Tx, ctx: Ctx, id: string): Promise<DrillTaskView> {
  const [view] = await toTaskViews(tx, ctx, [await getTaskRow(tx, id)]);
  if (!view) throw new NotFoundError("drill task", id);
  return view;
}

/** @throws NotFoundError */
export async function getTaskRow(db: Tx | Ctx["db"], id: string): Promise<TaskRow> {
  const row = await db.drillTask.findUnique({ where: { id } });
  if (!row) throw new NotFoundError("drill task", id);
  return row;
}

function countStates(tasks: DrillTaskView[]): Record<DrillState, number> {
  const counts = { due: 0, done: 0, signed: 0, overdue: 0, missed: 0 } satisfies Record<DrillState, number>;
  for (const state of DRILL_STATES) counts[state] = tasks.filter((task) => task.state === state).length;
  return counts;
}

const ORDER = new Map<string, number>(REQUIREMENTS.map(({ key }, index) => [key, index]));

/** Tasks by their period, in the order in which the periods first come up; within one in the schedule's order. */
export function groupByPeriod(tasks: DrillTaskView[]): DrillPeriodView[] {
  const byName = Map.groupBy(tasks, (task) => task.period);
  return [...byName].flatMap(([name, own]) => {
    const period = parsePeriod(name);
    if (!period) return [];
    const sorted = own.toSorted((a, b) => (ORDER.get(a.requirement) ?? 99) - (ORDER.get(b.requirement) ?? 99));
    return [
      {
        name,
        cadence: period.cadence,
        startsAt: period.startsAt.toISOString(),
        endsAt: period.endsAt.toISOString(),
        counts: countStates(own),
        tasks: sorted,
      },
    ];
  });
}
