import type { JobCtx } from "@/lib/db/context";
import { EngineError, PreconditionError } from "@/lib/kernel/errors";
import { waitFor } from "@/lib/kernel/wait-for";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { OPEN_RUN_STATES } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { readMembers } from "./get-cut";
import { type CutSkew, skewOf } from "./model";
import type { CutMember } from "./schemas";
import { startBackup } from "./start-backup";

const PERIOD_MS = 500;

interface Cut {
  id: string;
  databases: string[];
  others: string[];
  skew?: CutSkew;
}

/**
 * Databases first: a file that a row names is then in the cut, one that was made later does no harm. Their snapshots are
 * taken at the beginning of their dumps, so the others begin there and need not wait for the end.
 */
export async function planCut(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<Cut>> {
  const { configuration } = await loadConfiguration(ctx);
  const systems = run.parameters.systems as string[];
  const isFirst = (name: string) => isDatabase(configuration.systems[name]);
  const shared: Cut = {
    id: run.id,
    databases: systems.filter(isFirst),
    others: systems.filter((name) => !isFirst(name)),
  };
  const step = { repeatable: true, ephemeral: true, owner: "backups" };
  return {
    shared,
    steps: [
      { ...step, key: "databases", title: "Take the databases' snapshots", perform: takeDatabases },
      { ...step, key: "others", title: "Take files, code and configuration", perform: takeOthers },
      { ...step, key: "end", title: "Wait for every backup, and measure the skew", perform: waitForAll },
    ],
    result: ({ id, skew }) => ({ cut: id, ...skew }),
  };
}

async function takeDatabases(ctx: StepCtx, cut: Cut): Promise<StepOutcome> {
  await startMembers(ctx, cut, cut.databases);
  await until(ctx, async () => {
    const members = await readMembers(ctx, cut.id);
    const isPast = ({ snapshotAt, state }: CutMember) => snapshotAt !== null || isEnded(state);
    return cut.databases.every((name) => members.some((member) => member.system === name && isPast(member)));
  });
  return { summary: `snapshots of ${cut.databases.join(", ") || "no database"}` };
}

async function takeOthers(ctx: StepCtx, cut: Cut): Promise<StepOutcome> {
  await startMembers(ctx, cut, cut.others);
  return { summary: cut.others.join(", ") || "none is declared" };
}

async function waitForAll(ctx: StepCtx, cut: Cut): Promise<StepOutcome> {
  const wanted = cut.databases.length + cut.others.length;
  await until(ctx, async () => {
    const members = await readMembers(ctx, cut.id);
    const ended = members.filter(({ state }) => isEnded(state)).length;
    ctx.run.progress({ done: ended, total: wanted, unit: "backups" });
    return ended === wanted;
  });
  const members = await readMembers(ctx, cut.id);
  cut.skew = skewOf(members);
  const bad = members.filter(({ state }) => state !== "complete");
  if (bad.length === 0) return { summary: `${wanted} backups, ${cut.skew.skewSeconds?.toFixed(1) ?? "–"} s apart` };
  throw new EngineError(`the cut is not whole: ${bad.map(({ system, state }) => `${system} ${state}`).join(", ")}`, {
    engine: "backups",
    operation: "take a cut",
    permanent: false,
    hint: "Look at the run of each: it says why. Then take another cut.",
  });
}

function isEnded(state: CutMember["state"]): boolean {
  return state !== "queued" && state !== "running";
}

/** Starts what was not started yet: this step may be taken over. */
async function startMembers(ctx: StepCtx, cut: Cut, names: readonly string[]): Promise<void> {
  for (const system of names) {
    const isStarted = await ctx.db.run.count({
      where: { kind: "backup", system: { name: system }, parameters: { path: ["cut"], equals: cut.id } },
    });
    if (isStarted === 0) await startWhenFree(ctx, cut, system);
  }
}

/** A backup that is under way by itself has another snapshot: the cut waits for its end. */
async function startWhenFree(ctx: StepCtx, cut: Cut, system: string): Promise<void> {
  await until(ctx, async () => {
    const open = await ctx.db.run.count({
      where: { kind: "backup", system: { name: system }, state: { in: [...OPEN_RUN_STATES] } },
    });
    if (open > 0) return false;
    return startBackup(ctx, { system, reason: `cut ${cut.id}` }, cut.id).then(
      () => true,
      (error: unknown) => {
        if (error instanceof PreconditionError && error.message.includes("under way")) return false;
        throw error;
      },
    );
  });
}

async function until(ctx: StepCtx, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await waitFor(PERIOD_MS, ctx.signal);
    ctx.signal.throwIfAborted();
  }
}
