import type { Ctx } from "@/lib/db/context";
import { type Configuration, type RepositoryDeclaration, isBackedUp } from "@/lib/settings/schemas";
import type { ScoreFacts, ScoredRepository, ScoredSystem } from "./model";
import type { RepositoryDetail } from "./schemas";

/** A lock that was tried longer ago proves nothing about today. */
const LOCK_PROOF_MS = 7 * 86_400_000;

/** What the score is made of. */
export async function readScoreFacts(
  ctx: Ctx,
  configuration: Configuration | null,
  details: readonly RepositoryDetail[],
): Promise<ScoreFacts> {
  const [systems, proofs] = await Promise.all([readSystems(ctx, configuration), readProofs(ctx)]);
  const repositories = details.map((detail): ScoredRepository => {
    const { name, site, lock } = detail;
    const triedMs = lock.checkedAt === null ? Infinity : ctx.now().getTime() - Date.parse(lock.checkedAt);
    const isLockKnown = lock.state !== null && triedMs <= LOCK_PROOF_MS;
    const medium = mediumOf(configuration?.repositories[name]) ?? detail.kind;
    return { name, medium, site, isLockKnown, isLockInForce: isLockKnown && lock.state === "in-force" };
  });
  const errors = [...details.flatMap(errorsOf), ...proofs.filter(({ verdict }) => verdict !== "pass").map(toError)];
  const unproven = [
    ...details.filter(({ examinedAt }) => examinedAt === null).map(({ name }) => `${name} was never checked`),
    ...systems
      .filter(({ name }) => !proofs.some((proof) => proof.name === name))
      .map(({ name }) => `no backup of ${name} was proven`),
  ];
  return { repositories, systems, errors: details.length === 0 ? null : errors, unproven };
}

function errorsOf({ name, checkError, backups, logs }: RepositoryDetail): string[] {
  const lost = backups.missing + backups.damaged + logs.missing + logs.damaged;
  return [
    ...(checkError ? [`${name} does not answer`] : []),
    ...(lost > 0 ? [`${lost} missing or damaged in ${name}`] : []),
  ];
}

function toError({ name, verdict }: { name: string; verdict: string }): string {
  return `the newest proof of ${name} said ${verdict}`;
}

/** One vendor, or one kind of medium: two buckets at one endpoint are lost together. */
function mediumOf(declared: RepositoryDeclaration | undefined): string | null {
  if (!declared) return null;
  if (declared.kind === "directory") return "directory";
  return declared.endpoint ? `s3 at ${URL.parse(declared.endpoint)?.host ?? declared.endpoint}` : "Amazon S3";
}

async function readProofs(ctx: Ctx): Promise<{ name: string; verdict: string }[]> {
  return ctx.db.$queryRaw<{ name: string; verdict: string }[]>`
    SELECT DISTINCT ON (s.name) s.name, v.verdict
    FROM verifications v JOIN systems s ON s.id = v.system_id
    WHERE s.removed_at IS NULL
    ORDER BY s.name, v.at DESC`;
}

/**
 * Who holds the newest backup of each system that is backed up: its newest full, and every increment since that was to
 * be there. An increment that is declared for one repository alone makes no other one lack anything.
 */
async function readSystems(ctx: Ctx, configuration: Configuration | null): Promise<ScoredSystem[]> {
  const backedUp = Object.entries(configuration?.systems ?? {}).flatMap(([name, system]) =>
    isBackedUp(system) && system.backup.full ? [{ name, site: system.runner.site }] : [],
  );
  const rows = await ctx.db.$queryRaw<{ system: string; repository: string; locked: boolean | null }[]>`
    WITH newest AS (
      SELECT DISTINCT ON (system_id) id, system_id, started_at FROM backups
      WHERE type = 'full' AND state IN ('complete', 'incomplete')
      ORDER BY system_id, started_at DESC)
    SELECT s.name AS system, r.name AS repository, bool_and(COALESCE(c.locked_until > ${ctx.now()}, false)) AS locked
    FROM newest n JOIN systems s ON s.id = n.system_id
    JOIN backups b ON b.system_id = n.system_id AND b.state IN ('complete', 'incomplete')
      AND (b.id = n.id OR (b.type = 'incremental' AND b.started_at > n.started_at))
    JOIN backup_copies c ON c.backup_id = b.id AND c.state NOT IN ('expired', 'expiring')
    JOIN repositories r ON r.id = c.repository_id AND r.removed_at IS NULL
    GROUP BY s.name, r.name, r.created_at
    HAVING bool_and(c.state = 'present') AND bool_or(b.id = n.id)
    ORDER BY r.created_at`;
  return backedUp.map(({ name, site }) => {
    const own = rows.filter(({ system }) => system === name);
    return {
      name,
      site,
      holders: own.map(({ repository }) => repository),
      locked: own.filter(({ locked }) => locked === true).map(({ repository }) => repository),
    };
  });
}
