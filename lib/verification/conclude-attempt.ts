import type { Verdict } from "@/lib/backups/schemas";
import type { ErrorSummary } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import type { StepCtx } from "@/lib/runs";
import { type Attempt, repositoryOf } from "./attempt";
import { judgeFailure } from "./model";
import { recordVerdict } from "./record-verdict";

/** Judges an attempt that has ended, and stores the verdict with its evidence. */
export async function concludeAttempt(
  ctx: StepCtx,
  attempt: Attempt,
  ended: { systemId: string; error: ErrorSummary | undefined },
): Promise<Verdict> {
  const { request, failedCheck } = attempt;
  const { error } = ended;
  const verdict = error ? judgeFailure({ code: error.code, check: failedCheck }) : "pass";
  ctx.run.say(`verdict: ${verdict}`, verdict === "pass" ? "info" : "error");
  const run = await ctx.db.run.findUnique({ where: { id: request.runId }, select: { runner: true } });
  await recordVerdict(ctx, {
    systemId: ended.systemId,
    backupId: request.backup,
    runId: request.runId,
    repository: repositoryOf(attempt) ?? request.from,
    level: request.level,
    verdict,
    durationMs: monotonicMs() - attempt.begunMs,
    findings: attempt.findings,
    details: describe(attempt, { error: error?.message ?? null, runner: run?.runner ?? null }),
  });
  return verdict;
}

function describe({ evidence, recovery, tree }: Attempt, facts: { error: string | null; runner: string | null }) {
  const manifest = recovery?.manifest;
  return {
    checks: evidence,
    ...facts,
    tools: manifest ? { ...manifest.tools, server: manifest.server.version } : { ...tree?.chain?.at(-1)?.tools },
    restoredTo: recovery?.restoredTo ?? null,
    heartbeatAt: recovery?.heartbeat?.at.toISOString() ?? null,
  };
}
