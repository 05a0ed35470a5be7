import type { Tone } from "@/components/patterns/status";
import type { RepositoryView } from "@/lib/repositories/schemas";

/** Whether a repository answers; one that nobody has asked yet is unknown, not well. */
export function repositoryHealth(repository: Pick<RepositoryView, "checkError" | "checkedAt">): {
  tone: Tone;
  word: string;
} {
  if (repository.checkError) return { tone: "failed", word: "does not answer" };
  return repository.checkedAt ? { tone: "ok", word: "answers" } : { tone: "unknown", word: "not checked yet" };
}
