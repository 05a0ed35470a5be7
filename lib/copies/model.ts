/* Pure rules of the 3-2-1-1-0 score. */
import type { ScoreLine } from "./schemas";

export interface ScoredRepository {
  name: string;
  /** The same for two that one failure of a vendor, or one kind of medium, would take. */
  medium: string;
  /** null: nobody declared it. */
  site: string | null;
  isLockInForce: boolean;
  isLockKnown: boolean;
}

export interface ScoredSystem {
  name: string;
  site: string;
  /** Names of the repositories that hold its newest backup now. */
  holders: string[];
  /** Of these, the ones in which that copy is locked now. */
  locked: string[];
}

export interface ScoreFacts {
  repositories: readonly ScoredRepository[];
  /** Those that are backed up. */
  systems: readonly ScoredSystem[];
  /** What proofs found wrong; null: nothing was proven yet, or a part of it not. */
  errors: readonly string[] | null;
  /** What was not proven yet. */
  unproven: readonly string[];
}

type Verdict = Pick<ScoreLine, "state" | "reason">;

const no = (reason: string): Verdict => ({ state: "no", reason });
const yes = (reason: string): Verdict => ({ state: "yes", reason });
const unknown = (reason: string): Verdict => ({ state: "unknown", reason });

/** 3 copies, on 2 kinds of media, 1 off site, 1 that cannot be changed, 0 errors in proofs. What nobody knows is no yes. */
export function scoreOf(facts: ScoreFacts): ScoreLine[] {
  return [
    { id: "copies", wanted: 3, title: "3 copies of the data", ...copies(facts) },
    { id: "media", wanted: 2, title: "2 kinds of media or providers", ...media(facts) },
    { id: "offsite", wanted: 1, title: "1 copy off site", ...offsite(facts) },
    { id: "immutable", wanted: 1, title: "1 copy that nobody can change", ...immutable(facts) },
    { id: "errors", wanted: 0, title: "0 errors in proofs", ...errors(facts) },
  ];
}

function copies({ systems }: ScoreFacts): Verdict {
  if (systems.length === 0) return unknown("no system is backed up");
  const few = systems.filter(({ holders }) => holders.length < 2);
  if (few.length === 0) return yes("the live data, and the newest backup of each system in two repositories");
  return no(`of ${list(few.map(({ name }) => name))} the newest backup is in fewer than two repositories`);
}

function media({ repositories, systems }: ScoreFacts): Verdict {
  if (systems.length === 0) return unknown("no system is backed up");
  const one = systems.find(({ holders }) => new Set(holders.map((name) => mediumOf(repositories, name))).size < 2);
  if (one) return no(`all copies of ${one.name} lie on one kind: ${kindsOf(repositories, one.holders) || "none"}`);
  return yes(kindsOf(repositories, systems[0]?.holders ?? []));
}

function mediumOf(repositories: readonly ScoredRepository[], name: string): string {
  return repositories.find((each) => each.name === name)?.medium ?? name;
}

function kindsOf(repositories: readonly ScoredRepository[], names: readonly string[]): string {
  return list([...new Set(names.map((name) => mediumOf(repositories, name)))]);
}

function offsite({ repositories, systems }: ScoreFacts): Verdict {
  if (systems.length === 0) return unknown("no system is backed up");
  const siteOf = (name: string) => repositories.find((each) => each.name === name)?.site ?? null;
  const near = systems.find(({ site, holders }) => !holders.some((name) => (siteOf(name) ?? site) !== site));
  if (!near)
    return yes(list(repositories.filter(({ site }) => site !== null).map((each) => `${each.name} at ${each.site}`)));
  if (near.holders.some((name) => siteOf(name) === null)) {
    return unknown(`nobody declared the site of ${list(near.holders.filter((name) => siteOf(name) === null))}`);
  }
  return no(`every copy of ${near.name} lies at its own site, ${near.site}`);
}

function immutable({ repositories, systems }: ScoreFacts): Verdict {
  if (systems.length === 0) return unknown("no system is backed up");
  const proven = (name: string) => repositories.some((each) => each.name === name && each.isLockInForce);
  const open = systems.find(({ locked }) => !locked.some(proven));
  if (!open) return yes("our own attempts to delete were refused, and the newest copy of each system is locked");
  const untried = repositories.filter(({ name, isLockKnown }) => open.locked.includes(name) && !isLockKnown);
  if (untried.length > 0) return unknown(`the lock of ${list(untried.map(({ name }) => name))} was not tried yet`);
  return no(`no locked copy of the newest backup of ${open.name}`);
}

function errors({ errors: found, unproven }: ScoreFacts): Verdict {
  if (found && found.length > 0) return no(list(found));
  if (found === null || unproven.length > 0) return unknown(list(unproven) || "nothing was proven yet");
  return yes("the newest check of each repository and the newest proof of each system found nothing");
}

function list(words: readonly string[]): string {
  return words.length > 3 ? `${words.slice(0, 3).join(", ")} and ${words.length - 3} more` : words.join(", ");
}
