import { createLoader, parseAsString, parseAsStringLiteral } from "nuqs/server";
import type { Verdict, VerificationLevel } from "@/lib/backups/schemas";

export const LEVELS = ["object", "restore", "replay", "application"] as const satisfies readonly VerificationLevel[];
export const VERDICTS = [
  "pass",
  "backup-bad",
  "verifier-bad",
  "environment-failed",
] as const satisfies readonly Verdict[];

/** The history's filters as they stand in the URL. */
export const verificationSearch = {
  system: parseAsString,
  level: parseAsStringLiteral(LEVELS),
  verdict: parseAsStringLiteral(VERDICTS),
  cursor: parseAsString,
};

export const loadVerificationSearch = createLoader(verificationSearch);

export const VERIFICATIONS_PER_PAGE = 50;

/** What the page asks for: the same for the first paint and the browser. */
export const OPEN_FINDINGS = { state: "open", limit: 100 } as const;
