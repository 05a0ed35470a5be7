import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { OPEN_RUN_STATES } from "@/lib/runs/schemas";
import { isDatabaseKind } from "@/lib/settings/schemas";
import { skewOf } from "./model";
import { type CutMember, type CutView, GetCutInput } from "./schemas";

/** The step in which a database's snapshot is taken: at its beginning, before the first byte. */
const SNAPSHOT_STEP = "data";

/** One cut: its backups, and how far apart they are. @throws NotFoundError */
export async function getCut(ctx: Ctx, input: GetCutInput): Promise<CutView> {
  requirePermission(ctx, "backup.read");
  const { id } = GetCutInput.parse(input);
  const run = await ctx.db.run.findFirst({ where: { id, kind: "cut" } });
  if (!run) throw new NotFoundError("cut", id);
  const members = await readMembers(ctx, id);
  return {
    id,
    requestedAt: run.queuedAt.toISOString(),
    state: stateOf(run.state, members),
    members,
    ...skewOf(members),
  };
}

function stateOf(runState: string, members: readonly CutMember[]): CutView["state"] {
  if ((OPEN_RUN_STATES as readonly string[]).includes(runState)) return "running";
  if (runState === "succeeded") return "complete";
  return members.some(({ state }) => state === "complete" || state === "incomplete") ? "incomplete" : "failed";
}

/** The backups of a cut, in the order in which they were started. One query for any number of them. */
export async function readMembers(ctx: Pick<Ctx, "db">, id: string): Promise<CutMember[]> {
  const runs = await ctx.db.run.findMany({
    where: { kind: "backup", parameters: { path: ["cut"], equals: id } },
    orderBy: { id: "asc" },
    select: {
      id: true,
      state: true,
      backupId: true,
      system: {
        select: { name: true, kind: true, backups: { where: { cutId: id }, orderBy: { id: "desc" }, take: 1 } },
      },
      steps: { where: { key: SNAPSHOT_STEP }, select: { startedAt: true, progress: true, endedAt: true } },
    },
  });
  return runs.map(({ id: runId, state, system, steps }) => {
    const backup = system?.backups[0];
    const snapshotAt = system && isDatabaseKind(system.kind) ? snapshotOf(steps) : backup?.startedAt;
    return {
      runId,
      backupId: backup?.id ?? null,
      system: system?.name ?? "",
      state: memberState(state, backup?.state),
      snapshotAt: textOf(snapshotAt),
      endedAt: textOf(backup?.endedAt),
    };
  });
}

function textOf(at: Date | null | undefined): string | null {
  return at ? at.toISOString() : null;
}

/** Known as soon as bytes come. */
function snapshotOf([step]: readonly {
  startedAt: Date | null;
  progress: unknown;
  endedAt: Date | null;
}[]): Date | null {
  const isTaken = step && (step.progress !== null || step.endedAt);
  return isTaken ? step.startedAt : null;
}

function memberState(runState: string, state: string | undefined): CutMember["state"] {
  if (runState === "queued") return "queued";
  if ((OPEN_RUN_STATES as readonly string[]).includes(runState)) return "running";
  return state === "complete" || state === "incomplete" ? state : "failed";
}
