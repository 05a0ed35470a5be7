import type { DatabaseEngine, DumpFacts, Hazard, ServerFacts } from "@/lib/engines/database/port";
import type { ErrorSummary } from "@/lib/kernel/errors";
import type { OpenRepository } from "@/lib/repositories";
import type { ClaimedRun } from "@/lib/runs";
import type { MariadbDeclaration } from "@/lib/settings/schemas";
import type { ManifestPart, SecretsInUse } from "./manifest";

/** One full backup under way: what its steps hand to each other. */
export interface FullBackup {
  run: ClaimedRun;
  systemId: string;
  system: string;
  declaration: MariadbDeclaration;
  recipients: string[];
  engine: DatabaseEngine;
  repositories: OpenRepository[];
  facts?: ServerFacts;
  hazards: Hazard[];
  /** In use when it was taken. */
  secrets?: SecretsInUse | null;
  incarnation?: string;
  backup?: { id: string; startedAt: Date };
  dump?: DumpFacts;
  parts: ManifestPart[];
  failures: Map<string, ErrorSummary>;
  state?: "complete" | "incomplete";
}
