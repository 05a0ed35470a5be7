import type { Tone } from "@/components/patterns/status";
import type { Holdings, RepositoryDetail, ScoreLine } from "@/lib/copies/schemas";

export const SCORE_TONE: Record<ScoreLine["state"], Tone> = { yes: "ok", no: "warning", unknown: "unknown" };

interface Health {
  tone: Tone;
  word: string;
}

/** Copies and logs that the newest look found missing or damaged. */
export function lostOf({ backups, logs }: Holdings): number {
  return backups.missing + backups.damaged + logs.missing + logs.damaged;
}

/** A repository in one word; one that nobody has checked is unknown, not well. */
export function healthOf(repository: RepositoryDetail): Health {
  if (repository.checkError) return { tone: "failed", word: "Does not answer" };
  if (repository.openRunId) return { tone: "running", word: "Being looked at" };
  const lost = lostOf(repository);
  if (lost > 0) return { tone: "failed", word: `${lost} missing or damaged` };
  return repository.examinedAt ? { tone: "ok", word: "Whole" } : { tone: "unknown", word: "Never checked" };
}

/** A lock counts once our own attempt to delete was refused. */
export function lockOf({ lock }: RepositoryDetail): Health {
  if (!lock.declared) return { tone: "warning", word: "None" };
  switch (lock.state) {
    case "in-force":
      return { tone: "ok", word: "In force" };
    case "bypassable":
      return { tone: "warning", word: "Bypassable" };
    case "ignored":
      return { tone: "failed", word: "Ignored" };
    case "none":
    case null:
      return { tone: "unknown", word: "Not tried" };
  }
}
