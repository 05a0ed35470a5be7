import { createLoader, parseAsString, parseAsStringLiteral } from "nuqs/server";
import type { RunKind, RunState } from "@/lib/runs/schemas";

export const KINDS = [
  "backup",
  "cut",
  "restore",
  "verification",
  "runbook",
  "retention",
  "check",
  "repair",
] as const satisfies readonly RunKind[];
export const STATES = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "aborted",
] as const satisfies readonly RunState[];

/** The list's filters as they stand in the URL. */
export const runsSearch = {
  kind: parseAsStringLiteral(KINDS),
  state: parseAsStringLiteral(STATES),
  system: parseAsString,
  cursor: parseAsString,
};

export const loadRunsSearch = createLoader(runsSearch);

export const RUNS_PER_PAGE = 50;
