import type { Role } from "@/lib/access/schemas";

/** What each role may do, in one line. */
export const ROLE_WORDS: Record<Role, string> = {
  viewer: "viewer: sees systems, backups, runs, drills",
  operator: "operator: starts backups, drills and recoveries",
  auditor: "auditor: reads and exports the audit log, signs drills",
  administrator: "administrator: all of it, and users",
};

export const ROLE_NAMES = ["viewer", "operator", "auditor", "administrator"] as const satisfies readonly Role[];

export const ROLE_OPTIONS = ROLE_NAMES.map((role) => ({ value: role, label: ROLE_WORDS[role] }));
