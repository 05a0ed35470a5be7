import "server-only";
import { systemNow } from "@/lib/kernel/time";
import { runtime } from "./runtime";

const RUNNER_SECONDS_MAX = 30;

export interface Readiness {
  ok: boolean;
  database: boolean;
  /** Whether a runner gave a sign of life within the last 30 seconds. */
  runner: boolean;
}

/** Asked without a session: it says yes and no, and nothing of why. */
export async function readReadiness(): Promise<Readiness> {
  try {
    const { db } = runtime();
    const newest = await db.runner.findFirst({ orderBy: { heartbeatAt: "desc" }, select: { heartbeatAt: true } });
    const age = newest ? (systemNow().getTime() - newest.heartbeatAt.getTime()) / 1_000 : Infinity;
    const runner = age <= RUNNER_SECONDS_MAX;
    return { ok: runner, database: true, runner };
  } catch {
    return { ok: false, database: false, runner: false }; // the answer is the "no"; /api/health says whether we live
  }
}
