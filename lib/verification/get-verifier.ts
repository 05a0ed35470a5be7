import { z } from "zod";
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
    testedAt: newest?.endedAt?.toISOString() ?? null,
    runId: newest?.runId ?? null,
    durationMs: newest?.endedAt ? newest.endedAt.getTime() - newest.startedAt.getTime() : null,
    error: newest?.error ?? null,
    plants: z.array(PlantResult).parse(newest?.plants ?? []),
    nextAt: nextTimes(SELF_TEST_SCHEDULE, ctx.now(), 1)[0]?.toISOString() ?? null,
  };
}
