import type { Cadence } from "@/lib/kernel/time";
import type { RunKind } from "@/lib/runs/schemas";

/** Which runs prove a requirement. */
export interface EvidenceRule {
  kinds: readonly RunKind[];
  /** Levels of which a verification run must have passed one. */
  levels: readonly string[];
  /** Only runbooks whose id begins with the scenario, such as `site`; null: of any scenario. */
  scenario: string | null;
  /** The run must have measured RTO and RPO. */
  isMeasured: boolean;
}

/** One line of the recovery testing schedule. */
export interface Requirement {
  /** Stored with every task: never renamed. */
  key: string;
  cadence: Cadence;
  /** The standard's own words. */
  title: string;
  /** Null: a review or an exercise of people, which a note describes. */
  evidence: EvidenceRule | null;
}

const RESTORE: EvidenceRule = {
  kinds: ["restore", "verification", "runbook"],
  levels: ["restore", "replay", "application"],
  scenario: null,
  isMeasured: false,
};
const APPLICATION: EvidenceRule = { ...RESTORE, kinds: ["verification", "runbook"], levels: ["application"] };
const RUNBOOK: EvidenceRule = { ...RESTORE, kinds: ["runbook"], levels: [] };

/** The recovery testing schedule of the standard, in its order. */
export const REQUIREMENTS = [
  {
    key: "restore-to-staging",
    cadence: "monthly",
    title: "Restore database backup to staging environment",
    evidence: RESTORE,
  },
  {
    key: "application-after-restore",
    cadence: "monthly",
    title: "Verify application functionality after restore",
    evidence: APPLICATION,
  },
  {
    key: "failover-to-standby",
    cadence: "monthly",
    title: "Test failover to standby server",
    evidence: { ...RUNBOOK, scenario: "app" },
  },
  {
    key: "documentation-review",
    cadence: "monthly",
    title: "Review and update disaster recovery documentation",
    evidence: null,
  },
  {
    key: "full-drill",
    cadence: "quarterly",
    title: "Full disaster recovery drill (all services)",
    evidence: RUNBOOK,
  },
  {
    key: "measure-objectives",
    cadence: "quarterly",
    title: "Measure actual RTO and RPO",
    evidence: { ...RUNBOOK, isMeasured: true },
  },
  {
    key: "restore-to-production-like",
    cadence: "quarterly",
    title: "Test restore to production-like environment",
    evidence: RESTORE,
  },
  {
    key: "tabletop-exercise",
    cadence: "quarterly",
    title: "Conduct tabletop exercise with all stakeholders",
    evidence: null,
  },
  {
    key: "site-failover",
    cadence: "annual",
    title: "Complete data center failover to DR region",
    evidence: { ...RUNBOOK, scenario: "site" },
  },
  {
    key: "encrypted-offsite-restore",
    cadence: "annual",
    title: "Test restoration from encrypted offsite backups",
    evidence: RESTORE,
  },
  {
    key: "procedures-validation",
    cadence: "annual",
    title: "Validate all disaster recovery procedures",
    evidence: RUNBOOK,
  },
  {
    key: "continuity-plan",
    cadence: "annual",
    title: "Update business continuity plan",
    evidence: null,
  },
] as const satisfies readonly Requirement[];

/** The requirement of a stored key; null for one that this version does not know. */
export function findRequirement(key: string): Requirement | null {
  return REQUIREMENTS.find((requirement) => requirement.key === key) ?? null;
}
