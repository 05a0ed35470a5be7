import { LINKS } from "@/lib/backups";
import type { JobCtx } from "@/lib/db/context";
import { DamagedError, NotFoundError, PreconditionError, summarizeError } from "@/lib/kernel/errors";
import type { ClaimedRun, RunPlan, Step, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { type BackedUpDeclaration, hasLog, isBackedUp, isDatabase } from "@/lib/settings/schemas";
import type { AttemptRequest } from "./attempt";
import { checkCopies } from "./check-copies";
import { weeklyLevel } from "./model";
import { proveBackup } from "./prove-backup";

interface Round {
  system: string;
  systemId: string;
  runId: string;
  declaration: BackedUpDeclaration;
  /** What did not pass, in words; the run's end. */
  failures: { what: string; isBad: boolean }[];
}

/**
 * A scheduled round: each of its parts is tried, whatever became of the one before, and the round ends well only when
 * all of them did. Daily: the newest backup's objects in each repository, every copy, the restore of a random backup.
 * Weekly: the highest level that the system declares.
 */
export async function planScheduledVerification(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<object>> {
  const { system, cadence } = run.parameters as { system: string; cadence: "daily" | "weekly" };
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isBackedUp(declaration) || !run.systemId) throw new NotFoundError("system", system);
  const round: Round = { system, systemId: run.systemId, runId: run.id, declaration, failures: [] };
  return {
    shared: {},
    steps: [...(cadence === "daily" ? dailySteps(round) : weeklySteps(round)), judgeStep(round)],
    result: () => ({ cadence, failures: round.failures.map(({ what }) => what) }),
  };
}

function stepOf(key: string, title: string, perform: (ctx: StepCtx) => Promise<StepOutcome>): Step<object> {
  return { key, title, owner: "verification", repeatable: true, ephemeral: true, perform };
}

function dailySteps(round: Round): Step<object>[] {
  const repositories = round.declaration.backup.full?.to ?? [];
  return [
    ...repositories.map((name) =>
      stepOf(`object-${name}`, `Read the newest backup back from ${name}`, async (ctx) =>
        prove(ctx, round, { backup: await newestIn(ctx, round, name), level: "object", from: name }),
      ),
    ),
    stepOf("copies", "Look for every copy", (ctx) => lookForCopies(ctx, round)),
    stepOf("restore", "Restore a random backup", async (ctx) =>
      prove(ctx, round, { backup: await randomBackup(ctx, round), level: "restore", from: null }),
    ),
  ];
}

function weeklySteps(round: Round): Step<object>[] {
  const { declaration } = round;
  const hasApplication = isDatabase(declaration) && Boolean(declaration.verify.application?.start);
  const level = weeklyLevel({ hasApplication, hasLog: hasLog(declaration) });
  return [
    stepOf(level, `Prove the newest backup at level ${level}`, async (ctx) =>
      prove(ctx, round, { backup: await newestIn(ctx, round, null), level, from: null }),
    ),
  ];
}

async function prove(
  ctx: StepCtx,
  round: Round,
  wanted: Pick<AttemptRequest, "level" | "from"> & { backup: string | null },
): Promise<StepOutcome> {
  const { backup, level, from } = wanted;
  if (backup === null) {
    const what = `${from ?? "no repository"} holds no complete backup to verify`;
    round.failures.push({ what, isBad: false });
    ctx.run.say(what, "error");
    return { summary: what, verdict: "unknown" };
  }
  const { system, systemId, runId } = round;
  const request: AttemptRequest = { system, runId, backup, level, from };
  const proof = await proveBackup(ctx, request, { id: systemId, declaration: round.declaration });
  const place = proof.repository ?? "no repository";
  if (proof.verdict !== "pass") {
    round.failures.push({
      what: `${level} from ${place}: ${proof.verdict}: ${proof.error ?? ""}`,
      isBad: proof.verdict === "backup-bad",
    });
  }
  return { summary: `${proof.verdict}: backup ${backup} at level ${level} from ${place}`, backupId: backup, ...proof };
}

async function lookForCopies(ctx: StepCtx, round: Round): Promise<StepOutcome> {
  try {
    const { copies, bad } = await checkCopies(ctx, round);
    if (bad > 0) round.failures.push({ what: `${bad} of ${copies} copies are not whole`, isBad: true });
    return { summary: `${copies} copies, ${bad} of them not whole`, copies, bad };
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    const { message } = summarizeError(error);
    round.failures.push({ what: `the copies could not be looked at: ${message}`, isBad: false });
    ctx.run.say(message, "error");
    return { summary: `not known: ${message}` };
  }
}

function judgeStep(round: Round): Step<object> {
  return stepOf("judge", "Judge the round", () => {
    const { failures } = round;
    const words = failures.map(({ what }) => what).join("; ");
    const hint =
      "Each part's verdict and evidence stand on the verification page, and what was found is a finding there.";
    if (failures.some(({ isBad }) => isBad)) return Promise.reject(new DamagedError(words, { hint }));
    if (failures.length > 0) return Promise.reject(new PreconditionError(words, { hint }));
    return Promise.resolve({ summary: "every part passed" });
  });
}

/** The newest whole backup, in a repository or anywhere. */
async function newestIn(ctx: StepCtx, { systemId }: Round, repository: string | null): Promise<string | null> {
  const row = await ctx.db.backup.findFirst({
    where: {
      systemId,
      ...LINKS,
      state: { in: ["complete", "incomplete"] },
      ...(repository ? { copies: { some: { repository: { name: repository } } } } : {}),
    },
    orderBy: { startedAt: "desc" },
    select: { id: true },
  });
  return row?.id ?? null;
}

/** Any that is kept, the oldest as likely as the newest: what nobody looks at rots first. */
async function randomBackup(ctx: StepCtx, { systemId }: Round): Promise<string | null> {
  const rows = await ctx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text AS id FROM backups
    WHERE system_id = ${systemId}::uuid AND (type = 'full' OR method IN ('physical', 'tar'))
      AND state IN ('complete', 'incomplete')
      AND EXISTS (SELECT FROM backup_copies WHERE backup_id = backups.id AND backup_copies.state = 'present')
    ORDER BY random() LIMIT 1`;
  return rows[0]?.id ?? null;
}
