import type { Recovery } from "@/lib/recovery";
import type { ClaimedRun } from "@/lib/runs";
import type { TargetDeclaration } from "@/lib/settings/schemas";

/** What the steps of one runbook run hand to each other. */
export interface RunbookShared {
  run: ClaimedRun;
  mode: "drill" | "live";
  system: string;
  at: string;
  from: string | undefined;
  /** Where a live recovery's server lives and answers. */
  target: TargetDeclaration | undefined;
  directory: string | undefined;
  disruptionAt?: Date;
  recovery?: Recovery;
  /** The recovered server is the primary now: it must not be cleaned up. */
  hasCutOver: boolean;
}
