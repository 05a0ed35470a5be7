import { z } from "zod";
import type { RepositoryReach } from "@/lib/backups";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { type SystemDeclaration, isDatabase } from "@/lib/settings/schemas";
import { GetSystemInput, type SystemDetail } from "./schemas";
import { secondsOf, summarizeSystem, toExposure } from "./summarize-system";
import { type SystemFacts, readSystemFacts } from "./system-facts";

const GAPS_MAX = 50;

const Findings = z.object({
  version: z.string().optional(),
  hazards: z
    .array(z.object({ id: z.string(), effect: z.string(), object: z.string(), message: z.string(), hint: z.string() }))
    .default([]),
});

/** One system with its recovery line: what can be recovered to when, from which repository. @throws NotFoundError */
export async function getSystem(ctx: Ctx, input: { name: string }): Promise<SystemDetail> {
  requirePermission(ctx, "system.read");
  const { name } = GetSystemInput.parse(input);
  const facts = await readSystemFacts(ctx, name);
  const [row] = facts.rows;
  if (!row) throw new NotFoundError("system", name);
  const gaps = await ctx.db.logGap.findMany({
    where: { systemId: row.id },
    orderBy: { detectedAt: "desc" },
    take: GAPS_MAX,
  });
  const declaration = facts.declarations.get(name);
  const findings = Findings.safeParse(row.findings).data;
  return {
    ...summarizeSystem(facts, row),
    asOf: facts.now.toISOString(),
    server: isDatabase(declaration)
      ? {
          version: findings?.version ?? null,
          address: declaration.connection.socket ?? `${declaration.connection.host}:${declaration.connection.port}`,
          reachedAt: row.heartbeatAt?.toISOString() ?? null,
          error: row.probeError,
        }
      : null,
    tree: treeOf(declaration),
    lanes: (facts.reaches.get(row.id) ?? []).map((reach) => ({
      repository: reach.repository,
      recoverableTo: toExposure(reach, facts.now).recoverableTo,
      exposureSeconds: toExposure(reach, facts.now).exposureSeconds,
      fulls: reach.fulls.map((full) => describeStart(facts, reach, full)),
      increments: reach.increments.map((each) => describeStart(facts, reach, each)),
      logs: reach.stretches.map(({ from, to }) => ({ from: from.toISOString(), to: to.toISOString() })),
    })),
    gaps: gaps.map((gap) => ({
      from: gap.fromAt?.toISOString() ?? null,
      to: gap.toAt?.toISOString() ?? null,
      reason: gap.reason,
      detectedAt: gap.detectedAt.toISOString(),
    })),
    measurements: measurementsOf(facts),
    hazards: findings?.hazards ?? [],
  };
}

function treeOf(declaration: SystemDeclaration | undefined): SystemDetail["tree"] {
  if (declaration?.kind === "git") {
    return { path: declaration.path, include: [], holdsSecrets: false, tag: declaration.tag ?? null };
  }
  if (declaration?.kind !== "files") return null;
  return { path: declaration.path, include: declaration.include, holdsSecrets: declaration.secrets, tag: null };
}

function describeStart(
  { proofs }: SystemFacts,
  { reaches, fulls }: RepositoryReach,
  { backupId, at, state }: RepositoryReach["fulls"][number],
): SystemDetail["lanes"][number]["fulls"][number] {
  const own = reaches.find((each) => each.backupId === backupId);
  const full = fulls.find((each) => each.backupId === own?.chain[0]);
  return {
    backupId,
    at: at.toISOString(),
    state,
    proven: proofs.some((proof) => proof.backupId === backupId),
    reach: own
      ? {
          from: own.from.toISOString(),
          to: own.to.toISOString(),
          fullAt: (full?.at ?? at).toISOString(),
          increments: own.chain.length - 1,
        }
      : null,
  };
}

function measurementsOf(facts: SystemFacts): SystemDetail["measurements"] {
  return facts.measures.flatMap((run) => {
    const rtoActualSeconds = secondsOf(run.rtoActualMs);
    if (rtoActualSeconds === null || !run.endedAt) return [];
    return [
      {
        runId: run.id,
        at: run.endedAt.toISOString(),
        mode: run.mode === "live" ? ("live" as const) : ("drill" as const),
        rtoActualSeconds,
        rpoActualSeconds: secondsOf(run.rpoActualMs),
      },
    ];
  });
}
