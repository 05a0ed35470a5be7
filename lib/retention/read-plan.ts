import type { Ctx, Tx } from "@/lib/db/context";
import { type Configuration, declaredBackups } from "@/lib/settings/schemas";
import { digestRemovals, makePlan } from "./make-plan";
import { type Plan, type Removal, type SystemFacts, dueRemovals, findClockTrouble } from "./model";
import { type RetainedSystem, readFacts } from "./read-facts";

/** A system's plan as of an instant, with the facts that it was made from. */
export interface ReadPlan {
  facts: SystemFacts;
  plan: Plan;
  /** What the next apply deletes. */
  due: Removal[];
  /** `<as of>/<digest>`. */
  id: string;
}

export async function readPlan(
  reader: { db: Ctx["db"] | Tx },
  configuration: Configuration,
  { system, asOf }: { system: RetainedSystem; asOf: Date },
): Promise<ReadPlan> {
  const facts = await readFacts(reader, configuration, { system, now: asOf });
  const plan = makePlan(facts);
  const due = dueRemovals(plan, asOf);
  return { facts, plan, due, id: `${asOf.toISOString()}/${digestRemovals(system.name, due)}` };
}

/** Why the time cannot be trusted with a deletion now; null when it can. @param store the store's own time, where it told it */
export async function readClockTrouble(
  ctx: Pick<Ctx, "now">,
  reader: { db: Ctx["db"] | Tx },
  { facts, store }: { facts: SystemFacts; store?: Date | undefined },
): Promise<string | null> {
  const [row] = await reader.db.$queryRaw<{ at: Date }[]>`SELECT clock_timestamp() AS at`;
  const times = [...facts.backups.map((backup) => backup.startedAt), ...facts.logs.map((log) => log.settledAt)];
  const newest = times.reduce<Date | null>((best, at) => (best === null || at > best ? at : best), null);
  const now = ctx.now();
  return findClockTrouble({ now, database: row?.at ?? new Date(0), store, newestBackupAt: newest });
}

/** The systems that are declared and not removed, by name or all. */
export async function listRetainedSystems(
  reader: { db: Ctx["db"] | Tx },
  configuration: Configuration,
  name?: string,
): Promise<RetainedSystem[]> {
  const rows = await reader.db.system.findMany({
    where: { removedAt: null, ...(name ? { name } : {}) },
    orderBy: { position: "asc" },
    select: { id: true, name: true, logServerId: true, logIncarnation: true },
  });
  return rows.filter((row) => declaredBackups(configuration.systems[row.name]).length > 0);
}
