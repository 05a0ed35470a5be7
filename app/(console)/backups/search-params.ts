import { createLoader, parseAsString, parseAsStringLiteral } from "nuqs/server";
import type { BackupState, BackupType } from "@/lib/backups/schemas";

export const TYPES = ["full", "incremental", "log"] as const satisfies readonly BackupType[];
export const STATES = [
  "running",
  "complete",
  "incomplete",
  "failed",
  "expired",
] as const satisfies readonly BackupState[];

export const PROOFS = ["proven", "unproven"] as const;

/** The list's filters as they stand in the URL. */
export const backupsSearch = {
  system: parseAsString,
  repository: parseAsString,
  type: parseAsStringLiteral(TYPES),
  state: parseAsStringLiteral(STATES),
  proof: parseAsStringLiteral(PROOFS),
  cursor: parseAsString,
};

export const loadBackupsSearch = createLoader(backupsSearch);

export const BACKUPS_PER_PAGE = 50;
