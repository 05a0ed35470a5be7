import type { Ctx } from "@/lib/db/context";
import { HoldfastError, NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { loadConfiguration } from "@/lib/settings";
import type { Configuration, SystemDeclaration } from "@/lib/settings/schemas";
import { checkTarget } from "./check-target";
import { type ReachingChains, findChains } from "./find-chains";
import { backupsNear, findTreeChains, readTreeRows } from "./find-tree-chains";
import { type MeasuredStep, forecastDuration } from "./forecast-duration";
import { type Point, formatPoint, parsePoint } from "./point";
import { readNearPoint } from "./read-near-point";
import { PreviewRestoreInput, RestoreChain, type RestorePreview } from "./schemas";

const RUNNER_SILENT_MS_MAX = 30_000;
/** Steps of a restore whose time is worth a forecast; what a person does, or waits for, is not among them. */
const FORECAST_STEPS = ["find", "fetch", "load", "replay", "check", "queries", "heartbeat", "hand-over"];
const MEASURED_MAX = 200;

/**
 * What a restore would do, from the catalogue alone: the chains that reach the point, what lies next to it, what is
 * fetched, how long it will take and whether there is room. No repository is asked; the run itself resolves the point.
 * @throws ValidationError for a point that cannot be read, NotFoundError, PreconditionError
 */
export async function previewRestore(ctx: Ctx, input: PreviewRestoreInput): Promise<RestorePreview> {
  requirePermission(ctx, "backup.read");
  const { system: name, at, from, to } = PreviewRestoreInput.parse(input);
  const point = parsePoint(at);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = declarationOf(configuration, name);
  if (from && !configuration.repositories[from]) throw new NotFoundError("repository", from);
  const { id } = await ctx.db.system.findUniqueOrThrow({ where: { name }, select: { id: true } });
  const declared = declaration.backup.full?.to ?? [];
  const repositories = from ? declared.filter((each) => each === from) : declared;
  const find = declaration.kind === "mariadb" ? findInLog : findInBackups;
  const [{ reaching, near }, measured, runner] = await Promise.all([
    find(ctx, { id, repositories }, point),
    readMeasured(ctx, id),
    findRunner(ctx, declaration),
  ]);
  const [best] = reaching.chains;
  return {
    asOf: ctx.now().toISOString(),
    system: name,
    pointAt: reaching.at?.toISOString() ?? null,
    isTransaction: point.kind === "gtid" || point.kind === "before-gtid",
    ...describePoints(declaration),
    chains: reaching.chains.map((chain) => RestoreChain.parse(chain)),
    ...near,
    unreachable: unreachableOf(point, { reaching, from }),
    targetRefusal: refusalOf(configuration, name, to),
    ...weigh(best, measured),
    runner,
  };
}

type BackedUp = Exclude<SystemDeclaration, { kind: "service" }>;

function declarationOf(configuration: Configuration, name: string): BackedUp {
  const declaration = configuration.systems[name];
  if (!declaration) throw new NotFoundError("system", name);
  if (declaration.kind !== "service") return declaration;
  throw new PreconditionError(`system "${name}" is not backed up, by decision`, { hint: declaration.reason });
}

interface Found {
  reaching: ReachingChains;
  near: Pick<RestorePreview, "before" | "after">;
}

/** A database: a full, and its log to any second. */
async function findInLog(
  ctx: Ctx,
  system: { id: string; repositories: readonly string[] },
  point: Point,
): Promise<Found> {
  const reaching = await findChains(ctx, system, point);
  return { reaching, near: await nearOf(ctx, { systemId: system.id, reaching }) };
}

/** Files and code: as of the backups themselves. */
async function findInBackups(
  ctx: Ctx,
  system: { id: string; repositories: readonly string[] },
  point: Point,
): Promise<Found> {
  const rows = await readTreeRows(ctx, system);
  const reaching = findTreeChains(rows, point);
  return { reaching, near: reaching.at ? backupsNear(rows, reaching.at) : { before: [], after: [] } };
}

async function nearOf(
  ctx: Ctx,
  { systemId, reaching }: { systemId: string; reaching: ReachingChains },
): Promise<Pick<RestorePreview, "before" | "after">> {
  const [chain] = reaching.chains;
  if (!chain || !reaching.at) return { before: [], after: [] };
  return readNearPoint(ctx, { systemId, repositoryId: chain.repositoryId }, reaching.at);
}

function unreachableOf(
  point: Point,
  { reaching, from }: { reaching: ReachingChains; from: string | undefined },
): RestorePreview["unreachable"] {
  const isTransaction = point.kind === "gtid" || point.kind === "before-gtid";
  if (reaching.chains.length > 0 || isTransaction) return null;
  const where = from ? `in "${from}"` : "in any repository";
  const before = reaching.nearest.before?.toISOString() ?? null;
  const after = reaching.nearest.after?.toISOString() ?? null;
  const message =
    point.kind === "latest" ? `no full backup is there ${where}` : `no chain reaches ${formatPoint(point)} ${where}`;
  return { message, before, after };
}

/** What startRestore would say to the target, before anybody asks it. */
function refusalOf(configuration: Configuration, name: string, to: string): RestorePreview["targetRefusal"] {
  try {
    checkTarget(configuration, name, to);
    return null;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { message: error.message, hint: error.hint ?? "" };
  }
}

function describePoints(declaration: BackedUp): Pick<RestorePreview, "points" | "resolutionMs"> {
  if (declaration.kind !== "mariadb") return { points: "backups", resolutionMs: 0 };
  return { points: "log", resolutionMs: declaration.heartbeat };
}

/** What the chain takes in time and room. */
function weigh(
  chain: ReachingChains["chains"][number] | undefined,
  measured: readonly MeasuredStep[],
): Pick<RestorePreview, "forecast" | "neededBytes"> {
  if (!chain || chain.plainBytes === null) return { forecast: null, neededBytes: null };
  const { plainBytes, plainLogBytes } = chain;
  return {
    forecast: forecastDuration({ fetch: plainLogBytes, load: plainBytes, replay: plainLogBytes }, measured),
    neededBytes: plainBytes + plainLogBytes,
  };
}

function readMeasured(ctx: Ctx, systemId: string): Promise<MeasuredStep[]> {
  return ctx.db.$queryRaw<MeasuredStep[]>`
    SELECT run_steps.run_id::text AS "runId", run_steps.key, run_steps.ended_at AS "endedAt",
      EXTRACT(epoch FROM run_steps.ended_at - run_steps.started_at)::float8 AS seconds,
      CASE WHEN run_steps.progress ->> 'unit' = 'bytes' THEN (run_steps.progress ->> 'done')::float8 END AS bytes
    FROM run_steps JOIN runs ON runs.id = run_steps.run_id
    WHERE runs.system_id = ${systemId}::uuid AND runs.state = 'succeeded' AND run_steps.state = 'succeeded'
      AND run_steps.key = ANY(${FORECAST_STEPS}) AND run_steps.started_at IS NOT NULL AND run_steps.ended_at IS NOT NULL
    ORDER BY run_steps.ended_at DESC LIMIT ${MEASURED_MAX}`;
}

async function findRunner(ctx: Ctx, declaration: BackedUp): Promise<RestorePreview["runner"]> {
  const { label, site } = declaration.runner;
  const runners = await ctx.db.runner.findMany({
    where: { heartbeatAt: { gt: new Date(ctx.now().getTime() - RUNNER_SILENT_MS_MAX) } },
    orderBy: { startedAt: "desc" },
  });
  const row = runners.find((each) => (label ? (each.labels as string[]).includes(label) : each.site === site));
  if (!row) return null;
  return {
    host: row.host,
    seenAt: row.heartbeatAt.toISOString(),
    freeBytes: row.freeBytes === null ? null : Number(row.freeBytes),
    freeAt: row.freeAt?.toISOString() ?? null,
  };
}
