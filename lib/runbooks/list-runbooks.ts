import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { findLiveTarget } from "./live-target";
import { RUNBOOKS, type Runbook } from "./runbook";
import { GetRunbookInput, type RunbookView } from "./schemas";
import { systemOf } from "./start-runbook";

const RUNS_MAX = 10;

/** The shipped runbooks with what their last runs measured. */
export async function listRunbooks(ctx: Ctx): Promise<{ runbooks: RunbookView[] }> {
  requirePermission(ctx, "runbook.read");
  const loaded = await findConfiguration(ctx);
  return {
    runbooks: await Promise.all(RUNBOOKS.map((runbook) => toView(ctx, runbook, loaded?.configuration ?? null))),
  };
}

/** @throws NotFoundError */
export async function getRunbook(ctx: Ctx, input: { id: string }): Promise<RunbookView> {
  requirePermission(ctx, "runbook.read");
  const { id } = GetRunbookInput.parse(input);
  const found = (await listRunbooks(ctx)).runbooks.find((runbook) => runbook.id === id);
  if (!found) throw new NotFoundError("runbook", id);
  return found;
}

type LoadedConfiguration = NonNullable<Awaited<ReturnType<typeof findConfiguration>>>["configuration"];

async function toView(ctx: Ctx, runbook: Runbook, configuration: LoadedConfiguration | null): Promise<RunbookView> {
  const runs = await ctx.db.run.findMany({
    where: { runbook: runbook.id },
    orderBy: { id: "desc" },
    take: RUNS_MAX,
    include: { steps: { where: { state: "succeeded" } } },
  });
  const system = configuration && hasDatabase(configuration) ? systemOf(configuration).name : "";
  const target = configuration && system ? (findLiveTarget(configuration, system) ?? null) : null;
  return {
    id: runbook.id,
    title: runbook.title,
    version: runbook.version,
    scenario: runbook.scenario,
    system,
    symptoms: [...runbook.symptoms],
    steps: runbook.steps.map((step) => {
      const measured = runs
        .flatMap((run) => run.steps.filter((each) => each.key === step.key && each.exercised))
        .flatMap((each) =>
          each.startedAt && each.endedAt ? [(each.endedAt.getTime() - each.startedAt.getTime()) / 1_000] : [],
        );
      const { key, title, owner, estimateSeconds, drill, does } = step;
      return {
        key,
        title,
        owner,
        estimateSeconds,
        drill,
        drillOnly: step.drillOnly ?? false,
        does,
        measuredSeconds: median(measured),
        measuredRuns: measured.length,
      };
    }),
    estimateSeconds: runbook.estimateSeconds,
    expectedDataLoss: runbook.expectedDataLoss,
    lastRuns: runs.map((run) => ({
      runId: run.id,
      mode: run.mode === "live" ? "live" : "drill",
      state: run.state,
      at: run.queuedAt.toISOString(),
      rtoActualSeconds: run.rtoActualMs === null ? null : Number(run.rtoActualMs) / 1_000,
      rpoActualSeconds: run.rpoActualMs === null ? null : Number(run.rpoActualMs) / 1_000,
    })),
    live: {
      allowed: target !== null,
      target,
      reason: target ? null : "No declared target allows a live recovery at the primary's address.",
    },
  };
}

function hasDatabase(configuration: LoadedConfiguration): boolean {
  return Object.values(configuration.systems).some(isDatabase);
}

/** The middle value, or null for none. */
function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
