import { EngineError, PreconditionError } from "@/lib/kernel/errors";
import { formatDuration } from "@/lib/kernel/format";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";
import { type StepCtx, type StepOutcome, recordClock, recordMeasures } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { disruptionOf } from "./measure-recovery";
import type { RunbookShared } from "./runbook-shared";

const WAIT_MS_MAX = 120_000;
const RETRY_MS = 250;

/** Asks as a client, until every declared check is answered as declared: from the disruption to then is RTO actual. */
export async function verifyTraffic(ctx: StepCtx, shared: RunbookShared): Promise<StepOutcome> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[shared.system];
  const checks = (isDatabase(declaration) ? declaration.verify.application?.checks : undefined) ?? [];
  if (checks.length === 0) {
    throw new PreconditionError("no request of a client is declared: traffic cannot be verified", {
      hint: "Declare `verify.application.checks` in holdfast.yaml.",
    });
  }
  const begunMs = monotonicMs();
  for (const check of checks) {
    const method = check.post ? "POST" : "GET";
    const url = check.post ?? check.get ?? "";
    await untilAnswered(ctx, { method, url, status: check.status, contains: check.contains }, begunMs + WAIT_MS_MAX);
    ctx.run.say(`${method} ${url} answered ${check.status}`);
  }
  const at = ctx.now();
  const rtoActualMs = at.getTime() - (await disruptionOf(ctx, shared)).getTime();
  await recordClock(ctx, shared.run.id, ["traffic", at]);
  await recordMeasures(ctx, shared.run.id, { rtoActualMs });
  return { summary: `${checks.length} requests answered, RTO ${formatDuration(rtoActualMs)}` };
}

async function untilAnswered(
  ctx: StepCtx,
  check: { method: "GET" | "POST"; url: string; status: number; contains?: string | undefined },
  deadlineMs: number,
): Promise<void> {
  let last = "no answer";
  while (monotonicMs() < deadlineMs) {
    ctx.signal.throwIfAborted();
    try {
      const answer = await ctx.engines.probe.ask(check, { signal: ctx.signal, timeoutMs: 5_000 });
      if (answer.ok) return;
      last = `status ${answer.status}`;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      last = error.message;
    }
    await waitFor(RETRY_MS, ctx.signal);
  }
  throw new PreconditionError(`${check.method} ${check.url} was not answered with ${check.status}: ${last}`, {
    hint: "Does the application reach the database at its declared address? The recovered server keeps running.",
  });
}
