import { z } from "zod";
import { EngineError, type ErrorSummary, PreconditionError, RefusedError, summarizeError } from "@/lib/kernel/errors";
import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import { type OpenRepository, openRepository } from "@/lib/repositories";
import type { ClaimedRun, RunPlan, Step, StepCtx, StepOutcome } from "@/lib/runs";
import { OPEN_RUN_STATES } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { type SystemFacts, dueRemovals, logSubject, removalKey } from "./model";
import { makePlan } from "./make-plan";
import { readFacts } from "./read-facts";
import { listRetainedSystems, readClockTrouble } from "./read-plan";
import { removeCopy } from "./remove-copy";
import { removeLog } from "./remove-log";

/** One removal of the applied plan, as the run keeps it. */
const PlannedRemoval = z.object({
  kind: z.enum(["backup", "leftover", "log"]),
  repository: z.string(),
  repositoryId: z.uuid(),
  subject: z.string(),
  reason: z.string(),
  sizeBytes: z.number(),
});
export type PlannedRemoval = z.infer<typeof PlannedRemoval>;

const RetentionParameters = z.object({ system: z.string(), plan: z.string(), removals: z.array(PlannedRemoval) });
export type RetentionParameters = z.infer<typeof RetentionParameters>;

interface RetentionShared extends RetentionParameters {
  runId: string;
  failures: Map<string, ErrorSummary>;
  deleted: number;
  freedBytes: number;
  /** What the store did not give up: locked, or not what the catalogue says. */
  left: number;
}

/**
 * The steps that carry out one plan, a repository after the other. Each may be carried out again: what is gone is
 * passed over, and what was begun goes on. A repository that does not answer keeps what it has until the next apply.
 */
export function planRetentionRun(run: ClaimedRun): RunPlan<RetentionShared> {
  const parameters = RetentionParameters.parse(run.parameters);
  const names = [...new Set(parameters.removals.map((removal) => removal.repository))];
  const shared = {
    ...parameters,
    runId: run.id,
    failures: new Map<string, ErrorSummary>(),
    deleted: 0,
    freedBytes: 0,
    left: 0,
  };
  return {
    shared,
    steps: [
      {
        key: "check",
        title: "Check that the plan still holds",
        owner: "holdfast",
        repeatable: true,
        ephemeral: true,
        perform: check,
      },
      ...names.map((name): Step<RetentionShared> => ({
        key: `delete-${name}`,
        title: `Delete in ${name}`,
        owner: "repositories",
        repeatable: true,
        ephemeral: true,
        perform: (ctx, own) => deleteIn(ctx, own, name),
      })),
      { key: "close", title: "Say what is left", owner: "holdfast", repeatable: true, ephemeral: true, perform: close },
    ],
    result: ({ deleted, freedBytes, left, plan }) => ({ plan, deleted, freedBytes, left }),
  };
}

/** @throws RefusedError before anything is deleted anywhere, where one repository's clock is not ours */
async function check(ctx: StepCtx, shared: RetentionShared): Promise<StepOutcome> {
  let waiting: PlannedRemoval[] = [];
  for (const name of new Set(shared.removals.map((removal) => removal.repository))) {
    waiting = await readWaiting(ctx, shared, await readStoreTime(ctx, name));
  }
  return { summary: `${waiting.length} of ${shared.removals.length} are still to be deleted, and the plan holds` };
}

/** Undefined where the repository has no clock of its own, or does not answer: then its own step says so. */
async function readStoreTime(ctx: StepCtx, name: string): Promise<Date | undefined> {
  try {
    const { store } = await openRepository(ctx, name);
    return (await store.inspect({ signal: ctx.signal })).at;
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof EngineError)) throw error;
    return undefined;
  }
}

/**
 * The removals that are not done yet, each found again in what the catalogue says now.
 * @throws RefusedError when one of them may not go any more, the system is frozen, or the clock is not trusted
 */
async function readWaiting(
  ctx: StepCtx,
  shared: Pick<RetentionShared, "system" | "removals">,
  store?: Date,
): Promise<PlannedRemoval[]> {
  const { configuration } = await loadConfiguration(ctx);
  const [system] = await listRetainedSystems(ctx, configuration, shared.system);
  if (!system) throw refusal(`system "${shared.system}" is not declared any more`);
  const facts = await readFacts(ctx, configuration, { system, now: ctx.now() });
  const clock = await readClockTrouble(ctx, ctx, { facts, store });
  if (clock !== null) throw refusal(`the clock is not trusted: ${clock}`);
  const plan = makePlan(facts);
  const [freeze] = plan.freezes;
  if (freeze) throw refusal(`the retention of "${shared.system}" was frozen: ${freeze.message}`);
  const planned = new Set(plan.removals.map(planKey));
  const due = new Set(dueRemovals(plan, facts.now).map(planKey));
  const waiting = shared.removals.filter((removal) => isThere(facts, removal));
  const lost = waiting.find((removal) => !planned.has(planKey(removal)));
  if (lost) throw refusal(`${lost.kind} "${lost.subject}" must stay in repository "${lost.repository}" now`);
  return waiting.filter((removal) => due.has(planKey(removal)));
}

function refusal(message: string): RefusedError {
  return new RefusedError(message, { hint: "Nothing more is deleted: look at the plan again." });
}

/** A copy whose deletion was begun is a leftover from then on. */
function planKey(removal: Parameters<typeof removalKey>[0]): string {
  return removalKey({ ...removal, kind: removal.kind === "leftover" ? "backup" : removal.kind });
}

function isThere(facts: SystemFacts, { kind, repositoryId, subject }: PlannedRemoval): boolean {
  if (kind === "log") return facts.logs.some((log) => log.repositoryId === repositoryId && logSubject(log) === subject);
  return facts.backups.some(
    (backup) =>
      backup.id === subject &&
      backup.copies.some((copy) => copy.repositoryId === repositoryId && copy.state !== "expired"),
  );
}

/** What one repository gives up; when it fails, the others go on, and the run says so at its end. */
async function deleteIn(ctx: StepCtx, shared: RetentionShared, name: string): Promise<StepOutcome> {
  const before = { deleted: shared.deleted, freedBytes: shared.freedBytes };
  try {
    const repository = await openRepository(ctx, name);
    const { at } = await repository.store.inspect({ signal: ctx.signal });
    const waiting = await readWaiting(ctx, shared, at);
    await deleteAll(ctx, shared, { repository, removals: waiting.filter((removal) => removal.repository === name) });
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof EngineError)) throw error;
    const summary = summarizeError(error);
    shared.failures.set(name, summary);
    ctx.run.say(`repository ${name} dropped out: ${summary.message}. ${summary.hint ?? ""}`, "error");
  }
  const freed = formatBytes(shared.freedBytes - before.freedBytes);
  return { summary: `${formatCountOf(shared.deleted - before.deleted, "object group")} deleted, ${freed} freed` };
}

async function deleteAll(
  ctx: StepCtx,
  shared: RetentionShared,
  { repository, removals }: { repository: OpenRepository; removals: PlannedRemoval[] },
): Promise<void> {
  const total = removals.reduce((sum, removal) => sum + removal.sizeBytes, 0);
  let done = 0;
  for (const removal of removals) {
    ctx.signal.throwIfAborted();
    await refuseReaders(ctx, shared);
    const remove = removal.kind === "log" ? removeLog : removeCopy;
    const outcome = await remove(ctx, { repository, removal, system: shared.system, runId: shared.runId });
    if (outcome === "deleted") {
      shared.deleted += 1;
      shared.freedBytes += removal.sizeBytes;
    } else {
      shared.left += 1;
      // What comes after it counts on it: an older log first, an increment before its full.
      ctx.run.say(`${removal.kind} ${removal.subject} stays: ${outcome.why}`, "warning");
      if (removal.kind !== "leftover") return;
    }
    done += removal.sizeBytes;
    ctx.run.progress({ done, total, unit: "bytes" });
  }
}

/** A restore that has begun since reads what lies there. @throws PreconditionError */
async function refuseReaders(ctx: StepCtx, shared: RetentionShared): Promise<void> {
  const reader = await ctx.db.run.findFirst({
    where: {
      system: { name: shared.system },
      kind: { in: ["restore", "verification", "runbook"] },
      state: { in: [...OPEN_RUN_STATES] },
    },
    select: { id: true, kind: true },
  });
  if (!reader) return;
  throw new PreconditionError(`a ${reader.kind} of "${shared.system}" has begun`, {
    hint: `It is run ${reader.id}: nothing more is deleted while it reads. Apply the rest when it has ended.`,
  });
}

async function close(_: StepCtx, shared: RetentionShared): Promise<StepOutcome> {
  const [first] = shared.failures;
  if (first) {
    const [name, failure] = first;
    throw new EngineError(`repository "${name}" kept what the plan takes: ${failure.message}`, {
      engine: "object-store",
      operation: "delete",
      permanent: false,
      hint: failure.hint ?? "Mend the repository; the next plan names what is left.",
    });
  }
  return {
    summary: `${shared.deleted} deleted, ${formatBytes(shared.freedBytes)} freed${shared.left > 0 ? `, ${shared.left} stay` : ""}`,
  };
}
