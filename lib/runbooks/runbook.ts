import type { RunMode } from "./schemas";

/** What a step does in a drill: the same as live, a harmless stand-in, or nothing (and the report says so). */
export type DrillUse = "carried-out" | "rehearsed" | "not-exercised";

export interface RunbookStep {
  key: string;
  title: string;
  owner: string;
  /** Of the standard; where it gives one figure for several of our steps, its share. */
  estimateSeconds: number;
  drill: DrillUse;
  /** One sentence for people: what it does. */
  does: string;
  /** Not part of a live run. */
  drillOnly?: boolean;
  repeatable: boolean;
  ephemeral: boolean;
  /** Makes what came before outlive the runner. */
  settling?: boolean;
}

export interface Runbook {
  id: string;
  title: string;
  version: number;
  scenario: string;
  symptoms: readonly string[];
  /** Of the standard: total time and data loss. */
  estimateSeconds: { from: number; to: number };
  expectedDataLoss: string;
  steps: readonly RunbookStep[];
}

const MINUTE = 60;

/** Scenario 1 of the standard: database corruption or failure. */
export const DATABASE_CORRUPTION: Runbook = {
  id: "database-corruption",
  title: "Database corruption",
  version: 1,
  scenario: "Scenario 1: database corruption or failure",
  symptoms: ["Database queries fail", "Data are inconsistent", "The database service crashes repeatedly"],
  estimateSeconds: { from: 60 * MINUTE, to: 120 * MINUTE },
  expectedDataLoss: "0 to 15 minutes",
  steps: [
    {
      key: "assess",
      title: "Assess the damage",
      owner: "mariadb",
      estimateSeconds: 5 * MINUTE,
      drill: "carried-out",
      does: "Asks the server and reads the last acknowledged heartbeat: the disruption. A live run goes on only when the old primary takes no writes.",
      repeatable: true,
      ephemeral: false,
    },
    {
      key: "find",
      title: "Find the point",
      owner: "repositories",
      estimateSeconds: 5 * MINUTE,
      drill: "carried-out",
      does: "Chooses the newest full or increment before the point and the log that follows it, from the repository alone, and compares the secrets in use with those of then.",
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "fetch",
      title: "Fetch the log",
      owner: "repositories",
      estimateSeconds: 5 * MINUTE,
      drill: "carried-out",
      does: "Fetches the log, proves every piece by its digest and fixes the last transaction.",
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "load",
      title: "Load users and data",
      owner: "mariadb",
      estimateSeconds: 50 * MINUTE,
      drill: "carried-out",
      does: "Starts a fresh server with the source's settings and loads the backup into it.",
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "compare",
      title: "Compare with the manifest",
      owner: "mariadb",
      estimateSeconds: 5 * MINUTE,
      drill: "carried-out",
      does: "Counts and digests every table, and compares with what the dump saw.",
      drillOnly: true,
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "replay",
      title: "Replay the log",
      owner: "mariadb",
      estimateSeconds: 30 * MINUTE,
      drill: "carried-out",
      does: "Applies every transaction up to the point through one connection, and proves the last one.",
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "check",
      title: "Check tables",
      owner: "mariadb",
      estimateSeconds: 4 * MINUTE,
      drill: "carried-out",
      does: "CHECK TABLE of everything.",
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "queries",
      title: "Run the system's own queries",
      owner: "mariadb",
      estimateSeconds: 2 * MINUTE,
      drill: "carried-out",
      does: "Asks the owner's declared questions and compares the answers with their bounds.",
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "heartbeat",
      title: "Find the heartbeat",
      owner: "mariadb",
      estimateSeconds: MINUTE,
      drill: "carried-out",
      does: "Reads the newest heartbeat in the recovered data: RPO actual.",
      repeatable: true,
      ephemeral: true,
    },
    {
      key: "cut-over",
      title: "Take the primary's address",
      owner: "mariadb",
      estimateSeconds: MINUTE,
      drill: "not-exercised",
      does: "Restarts the recovered server at the primary's declared address, with its log on.",
      repeatable: false,
      ephemeral: false,
      settling: true,
    },
    {
      key: "traffic",
      title: "Verify traffic",
      owner: "http",
      estimateSeconds: 2 * MINUTE,
      drill: "not-exercised",
      does: "Asks the application as a client would, until its write is acknowledged.",
      repeatable: true,
      ephemeral: false,
    },
  ],
};

export const RUNBOOKS: readonly Runbook[] = [DATABASE_CORRUPTION];

export function findRunbook(id: string): Runbook | undefined {
  return RUNBOOKS.find((runbook) => runbook.id === id);
}

/** The steps of a mode, in order. */
export function stepsOf(runbook: Runbook, mode: RunMode): RunbookStep[] {
  return runbook.steps.filter((step) => mode === "drill" || !step.drillOnly);
}
