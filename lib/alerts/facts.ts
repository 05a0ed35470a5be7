import { z } from "zod";
import type { Tx } from "@/lib/db/context";
import { keyOf } from "./model";
import { ALERT_KINDS, type AlertKind } from "./schemas";

/** As many as one transaction takes; what is left comes with the next tick. */
const FACTS_MAX = 500;

/** What the database notes of a fact. */
const Details = z.object({
  runId: z.string().nullish().transform(orNull),
  backupId: z.string().nullish().transform(orNull),
  type: z.string().nullish().transform(orNull),
  level: z.string().nullish().transform(orNull),
  verdict: z.string().nullish().transform(orNull),
  error: z.string().nullish().transform(orNull),
  hint: z.string().nullish().transform(orNull),
  dueAt: z.coerce.date().nullish().transform(orNull),
});

function orNull<T>(value: T | null | undefined): T | null {
  return value ?? null;
}

export interface AlertFact extends z.infer<typeof Details> {
  id: bigint;
  kind: AlertKind;
  key: string;
  systemId: string;
  at: Date;
}

/** Facts that nobody has looked at yet, oldest first. */
export async function readFacts(tx: Tx): Promise<AlertFact[]> {
  const rows = await tx.alertFact.findMany({ where: { handledAt: null }, orderBy: { id: "asc" }, take: FACTS_MAX });
  return rows.map(({ id, systemId, at, ...row }) => {
    const kind = z.enum(ALERT_KINDS).parse(row.kind);
    const details = Details.parse(row.details);
    return { ...details, id, kind, systemId, at, key: keyOf({ kind, systemId, type: details.type }) };
  });
}

/** Why, in a sentence without its period. */
export async function causeOf(tx: Tx, fact: AlertFact): Promise<string> {
  switch (fact.kind) {
    case "slot-missed":
      return `no runner took the slot of ${describeTime(fact.dueAt)} in time`;
    case "backup-incomplete":
      return describeCopies(tx, fact.backupId);
    case "verification-failed":
      return `${fact.verdict ? `${fact.verdict}: ` : ""}${fact.error ?? "it ended without a verdict"}`;
    case "backup-failed":
    case "log-gap":
      return fact.error ?? "no reason was recorded";
  }
}

/** `2026-11-23 02:00 UTC`. */
function describeTime(at: Date | null): string {
  return at ? `${at.toISOString().slice(0, 16).replace("T", " ")} UTC` : "an unknown time";
}

async function describeCopies(tx: Tx, backupId: string | null): Promise<string> {
  const copies = await tx.backupCopy.findMany({
    where: { backupId: backupId ?? "", state: { in: ["missing", "damaged"] } },
    include: { repository: { select: { name: true } } },
  });
  const words = copies.map((copy) => `${copy.repository.name} ${copy.state}${copy.error ? `, ${copy.error}` : ""}`);
  return words.length > 0 ? words.join("; ") : "a copy is missing";
}
