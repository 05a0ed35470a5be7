import { z } from "zod";
import { recordAudit } from "@/lib/audit";
import { claimDue } from "@/lib/backups";
import type { Ctx, Tx } from "@/lib/db/context";
import { previousTime } from "@/lib/kernel/cron";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRun } from "@/lib/runs";
import { findConfiguration } from "@/lib/settings";
import { type BackedUpDeclaration, DEFAULT_VERIFICATIONS, isBackedUp, isDatabase } from "@/lib/settings/schemas";
import { SELF_TEST_SCHEDULE } from "./self-test-schedule";
import { startDueSelfTest } from "./start-self-test";

const CADENCES = ["daily", "weekly"] as const;
type Cadence = (typeof CADENCES)[number];

/** A test that is later than this waits for the next week. */
const LATE_MS_MAX = 24 * 3_600_000;

/**
 * Claims the due rounds of every declared system, each once over any number of runners, and the verifier's weekly test.
 * @returns the runs that were started
 */
export async function claimVerifications(ctx: Ctx): Promise<{ started: string[] }> {
  requirePermission(ctx, "job.perform");
  await endSelfTests(ctx);
  const loaded = await findConfiguration(ctx);
  const started: string[] = [];
  const attempt = async (what: string, claim: () => Promise<string | null>) => {
    try {
      const runId = await claim();
      if (runId) started.push(runId);
    } catch (error) {
      // One schedule's trouble must not cost the others their slots; the next tick tries again.
      ctx.log.error({ err: error, what }, "a due verification could not be claimed");
    }
  };
  const systems = Object.entries(loaded?.configuration.systems ?? {});
  for (const [system, declaration] of systems) {
    if (!isBackedUp(declaration) || !declaration.backup.full) continue;
    for (const cadence of CADENCES) {
      await attempt(`${cadence} of ${system}`, () => claimRound(ctx, { system, declaration, cadence }));
    }
  }
  if (systems.some(([, declaration]) => isDatabase(declaration))) {
    await attempt("self-test", () => claimSelfTest(ctx));
  }
  return { started };
}

interface Round {
  system: string;
  declaration: BackedUpDeclaration;
  cadence: Cadence;
}

function claimRound(ctx: Ctx, round: Round): Promise<string | null> {
  const { system, declaration, cadence } = round;
  const schedule = declaration.verify[cadence];
  if (schedule === "off") return Promise.resolve(null);
  return claimDue(ctx, {
    system,
    type: `verification-${cadence}`,
    schedule,
    declaredAt: ["systems", system],
    scheduleIn: (declared) => scheduleOf(declared, cadence),
    start: async (tx, inner, slot) => ({ runId: await startRound(tx, inner, { ...round, ...slot }), isOwn: true }),
  });
}

const Written = z.object({
  backup: z.object({ full: z.unknown().refine((full) => full !== undefined) }),
  verify: z.object({ daily: z.string().optional(), weekly: z.string().optional() }).default({}),
});

/** By which slots fell due then; null where there were none. */
function scheduleOf(declared: unknown, cadence: Cadence): string | null {
  const written = Written.safeParse(declared).data;
  return written ? (written.verify[cadence] ?? DEFAULT_VERIFICATIONS[cadence]) : null;
}

async function startRound(tx: Tx, ctx: Ctx, round: Round & { systemId: string; dueAt: Date }): Promise<string> {
  const { system, declaration, cadence, systemId, dueAt } = round;
  const run = await createRun(tx, ctx, {
    kind: "verification",
    title: `${cadence === "daily" ? "Daily" : "Weekly"} verification of ${declaration.title ?? system}`,
    systemId,
    parameters: { system, cadence },
    reason: `scheduled for ${dueAt.toISOString()}`,
    place: declaration.runner.label ?? declaration.runner.site,
  });
  await recordAudit(tx, ctx, {
    action: "verification.started",
    entity: { type: "system", id: system },
    metadata: { run: run.id, cadence },
  });
  return run.id;
}

/** The row's due time is the claim. What fell due before the console was there, or longer ago than a day, waits for the next. */
async function claimSelfTest(ctx: Ctx): Promise<string | null> {
  requirePermission(ctx, "job.perform");
  const dueAt = previousTime(SELF_TEST_SCHEDULE, ctx.now());
  const first = await ctx.db.configuration.findFirst({ orderBy: { version: "asc" }, select: { appliedAt: true } });
  const isOver = ctx.now().getTime() - dueAt.getTime() > LATE_MS_MAX;
  if (!first || first.appliedAt > dueAt || isOver) return null;
  if (await ctx.db.verifierTest.findUnique({ where: { dueAt }, select: { id: true } })) return null;
  return (await startDueSelfTest(ctx, dueAt))?.runId ?? null;
}

/** A test whose run was ended without it (its runner died for good) could not be carried out: nothing is known of it. */
async function endSelfTests(ctx: Ctx): Promise<void> {
  await ctx.db.$executeRaw`
    UPDATE verifier_tests SET state = 'failed', ended_at = runs.ended_at, error = 'its run ended without it'
    FROM runs WHERE runs.id = verifier_tests.run_id AND verifier_tests.ended_at IS NULL AND runs.ended_at IS NOT NULL`;
}
