import { z } from "zod";
import type { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";
import { nextTimes } from "@/lib/kernel/cron";
import { requirePermission } from "@/lib/kernel/permissions";
import { judgeVerifier } from "./model";
import { PlantResult, type VerifierView } from "./schemas";
import { SELF_TEST_SCHEDULE } from "./self-test-schedule";

/** What is known of the verifier itself: its newest test that came to an end, and whether one goes on. */
export async function getVerifier(ctx: Ctx): Promise<VerifierView> {
  requirePermission(ctx, "backup.read");
  const [newest] = await ctx.db.verifierTest.findMany({
    where: { endedAt: { not: null } },
    orderBy: { endedAt: "desc" },
    take: 1,
  });
  const running = await ctx.db.verifierTest.findFirst({ where: { endedAt: null }, select: { id: true } });
  const state = judgeVerifier(newest ?? null, ctx.now());
  return {
    // A try that goes on does not make a broken verifier a better one.
    state: running && state === "unknown" ? "running" : state,
    ...describe(newest),
    nextAt: nextTimes(SELF_TEST_SCHEDULE, ctx.now(), 1)[0]?.toISOString() ?? null,
  };
}

type TestRow = Prisma.VerifierTestGetPayload<object>;

function describe(newest: TestRow | undefined): Omit<VerifierView, "state" | "nextAt"> {
  if (!newest?.endedAt) return { testedAt: null, runId: null, durationMs: null, error: null, plants: [] };
  const { startedAt, endedAt, runId, error, plants } = newest;
  return {
    testedAt: endedAt.toISOString(),
    runId,
    durationMs: endedAt.getTime() - startedAt.getTime(),
    error,
    plants: z.array(PlantResult).parse(plants),
  };
}
