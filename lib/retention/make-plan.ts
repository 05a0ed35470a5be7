import { createHash } from "node:crypto";
import { findAnchors } from "./find-anchors";
import { type Plan, type Removal, type SystemFacts, removalKey } from "./model";
import { planBackups, planLeftovers } from "./plan-backups";
import { planLogs } from "./plan-logs";

/**
 * What retention would take of one system, and what stays although its time has passed, repository by repository. Pure:
 * the same facts give the same plan. Whatever is not known stays.
 */
export function makePlan(facts: SystemFacts): Plan {
  const plan: Plan = { removals: [], kept: [], freezes: facts.freezes, repositories: [] };
  for (const { id, name } of facts.repositories) {
    const anchors = findAnchors(facts, id);
    const backups = planBackups(facts, id, anchors);
    const gone = new Set(backups.removals.filter(({ at }) => at <= facts.now).map(({ subject }) => subject));
    const logs = planLogs(facts, id, { anchors, gone });
    plan.removals.push(...planLeftovers(facts, id), ...backups.removals, ...logs.removals);
    plan.kept.push(...backups.kept, ...logs.kept);
    plan.repositories.push({
      id,
      name,
      backups: anchors.present.filter(({ type }) => type !== "log").length,
      provenFulls: anchors.provenFulls.length,
    });
  }
  return plan;
}

/** What tells one set of removals from another, whatever their order. */
export function digestRemovals(system: string, removals: readonly Removal[]): string {
  const keys = removals.map(removalKey).sort();
  return createHash("sha256")
    .update(JSON.stringify([system, keys]))
    .digest("hex");
}
