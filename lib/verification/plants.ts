import type { DatabaseSample } from "@/lib/engines/database/port";
import type { Practice } from "@/lib/engines/ports";
import { newSigningKey, sha256 } from "@/lib/kernel/crypto";
import { newId } from "@/lib/kernel/ids";
import type { Recipe } from "./planted-backup";
import type { PlantResult } from "./schemas";

export type TriedLevel = keyof PlantResult["levels"];

/** A backup with one thing wrong, and the levels of which each by itself must see it. */
export interface Plant {
  id: string;
  title: string;
  /** null: a good backup, which every level must let pass. */
  seenBy: readonly TriedLevel[] | null;
  recipe: Recipe;
}

const BOTH = ["object", "restore"] as const;

/**
 * The broken backups. Each is signed with the repository's own key, and its manifest fits its bytes wherever that is
 * possible: what is tried is not the signature, but the level that has to see this damage without it.
 */
export function describePlants(practice: Practice): Plant[] {
  const { sample } = practice;
  const good: Recipe = { sql: sample.whole.sql, facts: sample.whole.facts };
  return [
    ...brokenObjects(practice, good),
    ...brokenDumps(sample, good),
    ...brokenNames(sample, good),
    ...brokenLogs(sample, good),
    { id: "good", title: "a good backup and its log", seenBy: null, recipe: { ...good, log: whole(sample.log) } },
  ];
}

function whole(log: Buffer): NonNullable<Recipe["log"]> {
  return [{ start: 0, bytes: log }];
}

function brokenObjects({ foreignRecipient }: Practice, good: Recipe): Plant[] {
  return [
    { id: "empty", title: "empty", seenBy: BOTH, recipe: { ...good, sql: Buffer.alloc(0) } },
    {
      id: "truncated",
      title: "truncated object",
      seenBy: BOTH,
      recipe: { ...good, spoil: (sealed) => sealed.subarray(0, Math.floor(sealed.length / 2)) },
    },
    { id: "flipped-bit", title: "one flipped bit", seenBy: BOTH, recipe: { ...good, spoil: flipOneBit } },
    {
      id: "wrong-key",
      title: "sealed for a wrong key",
      seenBy: BOTH,
      recipe: { ...good, sealedFor: foreignRecipient },
    },
  ];
}

export function flipOneBit(sealed: Buffer): Buffer {
  const copy = Buffer.from(sealed);
  const at = Math.floor((copy.length * 2) / 3);
  copy[at] = (copy[at] ?? 0) ^ 0b100;
  return copy;
}

function brokenDumps({ broken }: DatabaseSample, good: Recipe): Plant[] {
  return [
    { id: "no-footer", title: "footer cut", seenBy: BOTH, recipe: { ...good, sql: broken["no-footer"] } },
    { id: "no-rows", title: "schema only", seenBy: BOTH, recipe: { ...good, sql: broken["no-rows"] } },
    {
      id: "no-rows-believed",
      title: "schema only, and its manifest believes it",
      seenBy: ["restore"],
      recipe: { ...good, sql: broken["no-rows"], facts: withoutRows(good.facts) },
    },
    { id: "table-missing", title: "one table short", seenBy: BOTH, recipe: { ...good, sql: broken["table-missing"] } },
    {
      id: "triggers-missing",
      title: "triggers dropped",
      seenBy: BOTH,
      recipe: { ...good, sql: broken["triggers-missing"] },
    },
    {
      id: "other-character-set",
      title: "wrong character set",
      seenBy: ["restore"],
      recipe: { ...good, sql: broken["other-character-set"] },
    },
  ];
}

/** Only the owner's own question can tell. */
function withoutRows(facts: Recipe["facts"]): Recipe["facts"] {
  return { ...facts, tables: facts.tables.map((table) => ({ ...table, rows: 0, sha256: sha256("") })) };
}

function brokenNames({ earlier, whole: later }: DatabaseSample, good: Recipe): Plant[] {
  const { position, endPosition } = later.facts;
  return [
    { id: "copied", title: "stale copy under a new name", seenBy: ["object"], recipe: { ...good, named: newId() } },
    {
      id: "stale",
      title: "stale copy with a new manifest",
      seenBy: ["object"],
      recipe: { sql: earlier.sql, facts: { ...earlier.facts, position, endPosition } },
    },
    {
      id: "foreign-signature",
      title: "signed with another key",
      seenBy: ["object"],
      recipe: { ...good, signWith: newSigningKey().privatePem },
    },
  ];
}

function brokenLogs({ log, otherLog }: DatabaseSample, good: Recipe): Plant[] {
  const third = Math.floor(log.length / 3);
  return [
    {
      id: "other-log",
      title: "log of another history",
      seenBy: ["replay"],
      recipe: { ...good, log: whole(otherLog) },
    },
    {
      id: "log-hole",
      title: "log with a hole",
      seenBy: ["replay"],
      recipe: {
        ...good,
        log: [
          { start: 0, bytes: log.subarray(0, third) },
          { start: 2 * third, bytes: log.subarray(2 * third) },
        ],
      },
    },
  ];
}
