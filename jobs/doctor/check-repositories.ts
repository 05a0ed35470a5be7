import type { Ctx } from "@/lib/db/context";
import type { Engines } from "@/lib/engines/ports";
import { judgeLock } from "@/lib/copies";
import type { ObjectStore, StoreFacts } from "@/lib/engines/object-store/port";
import { formatTarget } from "@/lib/kernel/format";
import { readIdentity } from "@/lib/repositories";
import type { Configuration, RepositoryDeclaration } from "@/lib/settings/schemas";
import { type Finding, fail, look, ok, warn } from "./finding";

const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

/** Each declared repository: answers our credentials, is the pinned one, keeps versions, and really locks what it should. */
export async function checkRepositories(
  ctx: Ctx,
  engines: Engines,
  { configuration, signal }: { configuration: Configuration; signal: AbortSignal },
): Promise<Finding[]> {
  const rows = await ctx.db.repository.findMany({ where: { removedAt: null }, orderBy: { createdAt: "asc" } });
  const findings = await Promise.all(
    rows.map((row) =>
      look(`repository ${row.name}`, async () => {
        const name = `repository ${row.name}`;
        const store = await engines.store(row.name);
        const facts = await store.inspect({ signal });
        const identity = await readIdentity(store, signal);
        if (row.identity && identity?.id !== row.identity) {
          const fix = "Point it to its own place; it is never initialised over another one.";
          return [fail(name, `${facts.location} is not the repository that was pinned`, fix)];
        }
        const declared = configuration.repositories[row.name];
        return [
          ok(name, `${facts.location} answers${identity ? "" : ", empty"}`),
          ...(row.kind === "s3" ? describeBucket(name, facts) : []),
          ...(await checkLock(ctx, {
            name,
            store,
            declared,
            isOurs: identity !== null && row.identity !== null,
            signal,
          })),
          ...checkLockDays({ name, repository: row.name, declared, configuration }),
          ...(await checkLockEnds(ctx, { name, repositoryId: row.id, declared, configuration })),
        ];
      }),
    ),
  );
  return findings.flat();
}

function describeBucket(name: string, facts: StoreFacts): Finding[] {
  const found: Finding[] = [];
  if (facts.versioning !== "on") {
    const fix = "Turn bucket versioning on: a deleted backup can then be brought back.";
    found.push(warn(`${name} versioning`, `versioning is ${facts.versioning}`, fix));
  }
  if (facts.objectLock !== "on") {
    const fix = "Without it, whoever holds these credentials can delete the backups.";
    found.push(warn(`${name} lock`, `Object Lock is ${facts.objectLock}`, fix));
  }
  return found;
}

interface LockLook {
  name: string;
  store: ObjectStore;
  declared: RepositoryDeclaration | undefined;
  /** It holds the pinned identity: nothing is tried in any other place. */
  isOurs: boolean;
  signal: AbortSignal;
}

/** A declared lock is tried: what the store says about it is no proof. */
async function checkLock(ctx: Ctx, { name, store, declared, isOurs, signal }: LockLook): Promise<Finding[]> {
  if (declared?.kind !== "s3" || !declared.lock) return [];
  const what = `${name} lock tried`;
  if (!isOurs) return [warn(what, "not tried: the repository is not initialised yet", "Take the first backup.")];
  return look(what, async () => {
    const { state, message } = await judgeLock(store, { now: ctx.now(), signal });
    if (state === "in-force") return [ok(what, message)];
    if (state === "bypassable") {
      const fix = "Take s3:BypassGovernanceRetention away from these keys, or declare the mode compliance.";
      return [warn(what, message, fix)];
    }
    const fix = `Is the bucket made with Object Lock, and does the store enforce it for every upload? Until then ${store.location} is as open as its keys.`;
    return [fail(what, message, fix)];
  });
}

interface LockPlace {
  name: string;
  declared: RepositoryDeclaration | undefined;
  configuration: Configuration;
}

/** A lock that ends before a backup may be deleted leaves it open for the rest of its life. */
function checkLockDays({ name, repository, declared, configuration }: LockPlace & { repository: string }): Finding[] {
  if (declared?.kind !== "s3" || !declared.lock) return [];
  const { days } = declared.lock;
  return Object.entries(configuration.systems).flatMap(([system, { kind, ...rest }]) => {
    const full = kind !== "service" && "backup" in rest ? rest.backup.full : undefined;
    if (!full?.to.includes(repository) || full.retain <= days * DAY_SECONDS) return [];
    const message = `backups of ${system} are kept ${formatTarget(full.retain)}, and locked ${days}d`;
    return [warn(`${name} lock days`, message, `Declare lock.days: ${Math.ceil(full.retain / DAY_SECONDS)}.`)];
  });
}

/** Copies that are there now: taken before the lock was declared, or with fewer days. */
async function checkLockEnds(
  ctx: Ctx,
  { name, repositoryId, declared, configuration }: LockPlace & { repositoryId: string },
): Promise<Finding[]> {
  if (declared?.kind !== "s3" || !declared.lock) return [];
  const findings: Finding[] = [];
  for (const [system, { kind, ...rest }] of Object.entries(configuration.systems)) {
    const full = kind !== "service" && "backup" in rest ? rest.backup.full : undefined;
    if (!full) continue;
    // The lock counts from when an object was stored, a little before the backup's end: a day is let pass.
    const open = await ctx.db.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count
      FROM backup_copies c JOIN backups b ON b.id = c.backup_id JOIN systems s ON s.id = b.system_id
      WHERE c.repository_id = ${repositoryId}::uuid AND c.state = 'present' AND c.checked_at IS NOT NULL
        AND s.name = ${system} AND b.type = 'full' AND b.state IN ('complete', 'incomplete')
        AND (c.locked_until IS NULL OR
             c.locked_until < b.ended_at + ${full.retain * 1_000 - DAY_MS} * interval '1 millisecond')`;
    const count = open[0]?.count ?? 0;
    if (count === 0) continue;
    const message = `the lock of ${count} copies of ${system} ends before their retention, or none is known`;
    const fix = "A check reads the locks again; what was stored with fewer days stays so until it is replaced.";
    findings.push(warn(`${name} lock ends`, message, fix));
  }
  return findings;
}
