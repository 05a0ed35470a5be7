import { type Kept, type SystemFacts, logSubject } from "./model";
import type { ReadPlan } from "./read-plan";
import type { KeptView, RemovalView } from "./schemas";

export function toRemovalViews({ facts, plan, due }: ReadPlan): RemovalView[] {
  const describe = describer(facts);
  const isDue = new Set(due);
  return plan.removals.map((removal) => ({
    ...describe(removal),
    isDue: isDue.has(removal),
    notBefore: removal.at.toISOString(),
  }));
}

export function toKeptViews({ facts, plan }: ReadPlan): KeptView[] {
  return plan.kept.map(describer(facts));
}

/** Names in the place of ids, and the time by which a person knows the thing. */
function describer(facts: SystemFacts): (subject: Kept) => KeptView {
  const backups = new Map(facts.backups.map((backup) => [backup.id, backup]));
  const repositories = new Map(facts.repositories.map(({ id, name }) => [id, name]));
  const logs = new Map(facts.logs.map((log) => [`${log.repositoryId}/${logSubject(log)}`, log]));
  return ({ kind, repositoryId, subject, reason, sizeBytes }) => {
    const backup = backups.get(subject);
    const log = logs.get(`${repositoryId}/${subject}`);
    const at = backup?.startedAt ?? log?.settledAt ?? facts.now;
    return {
      kind,
      repository: repositories.get(repositoryId) ?? repositoryId,
      subject,
      title: log ? log.file : `${backup?.type ?? "backup"}${kind === "leftover" ? ", leftover" : ""}`,
      at: at.toISOString(),
      reason,
      sizeBytes,
    };
  };
}
