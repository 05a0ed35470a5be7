import type { BackupFact, SystemFacts } from "./model";

/** What must stay in one repository whatever its age, and from where its log is needed. */
export interface Anchors {
  /** Backups that are whole in it: a copy is there, and no run writes it any more. */
  present: BackupFact[];
  provenFulls: BackupFact[];
  /** Ids with why each stays. */
  protectedBy: Map<string, string>;
  /** The fulls under what is protected: their log is needed up to now. */
  logRoots: BackupFact[];
}

export function copyIn(backup: BackupFact, repositoryId: string) {
  return backup.copies.find((copy) => copy.repositoryId === repositoryId);
}

/** The newest proven chain, the newest N proven fulls, and everything that they need. */
export function findAnchors(facts: SystemFacts, repositoryId: string): Anchors {
  const { keepProven } = facts;
  const present = facts.backups.filter((backup) => isPresent(backup, repositoryId)).sort(newestFirst);
  const sound = present.filter((backup) => copyIn(backup, repositoryId)?.state === "present");
  const proven = sound.filter((backup) => copyIn(backup, repositoryId)?.provenAt !== null);
  const fulls = present.filter((backup) => backup.type === "full");
  const provenFulls = proven.filter((backup) => backup.type === "full");
  const newest = provenFulls.slice(0, keepProven);
  const chain = newestChain(proven, sound);
  const isShort = provenFulls.length < keepProven;
  const logRoots = rootsOf(present, [...newest, ...chain, ...(isShort ? fulls.slice(0, keepProven) : [])]);
  const protectedBy = new Map([
    ...(isShort ? fulls : []).map(sayWhy(`only ${provenFulls.length} of ${keepProven} fulls are proven here`)),
    ...chain.map(sayWhy("part of the newest proven chain")),
    ...newest.map(sayWhy(`one of the newest ${keepProven} proven fulls here`)),
    ...neededLogs(present, logRoots).map(sayWhy("a full that stays needs it")),
  ]);
  return { present, provenFulls, protectedBy, logRoots };
}

function sayWhy(reason: string): (backup: BackupFact) => [string, string] {
  return ({ id }) => [id, reason];
}

/** The newest proven backup of which every parent is here and sound, with its parents. */
function newestChain(proven: readonly BackupFact[], sound: readonly BackupFact[]): BackupFact[] {
  const byId = new Map(sound.map((backup) => [backup.id, backup]));
  for (const backup of proven) {
    const chain = chainOf(backup, byId);
    if (chain) return chain;
  }
  return [];
}

/** Backups of a log since the oldest full that stays; all of them where none is known. */
function neededLogs(present: readonly BackupFact[], logRoots: readonly BackupFact[]): BackupFact[] {
  const oldest = logRoots.length === 0 ? 0 : Math.min(...logRoots.map((root) => root.startedAt.getTime()));
  return present.filter((backup) => backup.type === "log" && backup.startedAt.getTime() >= oldest);
}

/**
 * The fulls whose log must reach from their position up to now: those that anchor the repository, those under an
 * increment that is made of the log itself, and every full since the oldest of them, since what came later may be all
 * that restores.
 * @param gone ids of backups that the plan takes now
 */
export function findLogFulls({ present, logRoots }: Anchors, gone: ReadonlySet<string>): BackupFact[] {
  const staying = present.filter((backup) => !gone.has(backup.id));
  const logMade = staying.filter((backup) => backup.type === "incremental" && backup.method === "logical");
  const roots = [...logRoots, ...rootsOf(staying, logMade)];
  const oldest = Math.min(...roots.map((root) => root.startedAt.getTime()));
  return staying.filter((backup) => backup.type === "full" && backup.startedAt.getTime() >= oldest);
}

function rootsOf(present: readonly BackupFact[], backups: readonly BackupFact[]): BackupFact[] {
  const byId = new Map(present.map((backup) => [backup.id, backup]));
  return backups.map((backup) => chainOf(backup, byId)?.at(-1)).filter((root) => root !== undefined);
}

/** A backup and its parents up to the full; null when one of them is not here. */
function chainOf(backup: BackupFact, byId: ReadonlyMap<string, BackupFact>): BackupFact[] | null {
  const chain: BackupFact[] = [];
  for (let part: BackupFact | undefined = backup; part && !chain.includes(part);) {
    chain.push(part);
    if (part.parentId === null) return part.type === "full" ? chain : null;
    part = byId.get(part.parentId);
  }
  return null;
}

function isPresent(backup: BackupFact, repositoryId: string): boolean {
  if (backup.state !== "complete" && backup.state !== "incomplete") return false;
  const state = copyIn(backup, repositoryId)?.state;
  return state === "present" || state === "damaged";
}

function newestFirst(a: BackupFact, b: BackupFact): number {
  return b.startedAt.getTime() - a.startedAt.getTime() || (a.id < b.id ? 1 : -1);
}
