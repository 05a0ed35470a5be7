import type { JobCtx } from "@/lib/db/context";
import type { Manifest } from "@/lib/backups";
import type { DatabaseEngine, Heartbeat, ReplayPlan, ScratchServer } from "@/lib/engines/database/port";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { PreconditionError } from "@/lib/kernel/errors";
import type { RunHandle } from "@/lib/runs";
import type { RestoredTo } from "@/lib/runs/schemas";
import type { MariadbDeclaration } from "@/lib/settings/schemas";
import type { LogCover, LogPiece } from "./cover-log";
import type { SecretsVerdict } from "./compare-secrets";
import type { Point } from "./point";

/** What a recovery needs of its surroundings. It works without the console's database: the bucket and a key are enough. */
export type RecoveryCtx = Pick<JobCtx, "engines" | "signal" | "now"> & { run: RunHandle };

export interface RecoverySource {
  system: string;
  repository: string;
  store: ObjectStore;
  /** Keys whose signatures count: from the repository's holdfast.json, or pinned by the person. */
  publicKeys: readonly string[];
}

/** One recovery under way: what its steps hand to each other. */
export interface Recovery {
  source: RecoverySource;
  point: Point;
  /** This full and no other. */
  backupId: string | undefined;
  engine: DatabaseEngine;
  identityFile: string | undefined;
  /** Where the recovered server lives; short, since its socket lies below it. */
  directory: string;
  /** Where the fetched log lies until it is replayed; next to the server, and gone with it. */
  logDirectory: string;
  /** What the owner declared to be checked. */
  verify: Pick<MariadbDeclaration["verify"], "minimumSize" | "minimumTables" | "queries">;
  manifest?: Manifest;
  /** The manifest's backup and those that it continues, the full first. */
  chain?: Manifest[];
  pieces?: LogPiece[];
  /** Where the log that follows the full breaks off although more lies behind it. */
  hole?: LogCover["hole"];
  replay?: ReplayPlan;
  restoredTo?: RestoredTo;
  /** The newest GTID of each domain in the recovered data. */
  gtidState?: string;
  server?: ScratchServer;
  heartbeat?: Heartbeat | null;
  /** Whether the secrets in use are those that the backup was taken beside. */
  secrets?: SecretsVerdict;
  /** When a throw-away server is ended by itself. */
  livesUntil?: Date;
  /** Where the server answers that belongs to somebody else now: nothing is cleaned up. Both null where it was stopped. */
  leftAt?: { socket: string | null; port: number | null };
}

/** The private key's file when it is needed. @throws PreconditionError when none is configured */
export function identityFor(
  recovery: Pick<Recovery, "identityFile">,
  object: { encrypted: boolean },
): string | undefined {
  if (!object.encrypted) return undefined;
  if (recovery.identityFile) return recovery.identityFile;
  throw new PreconditionError("the backup is encrypted and no private key is configured", {
    hint: "Set keys.identityFile in holdfast.yaml to the runner's or the escrow identity, or give --identity FILE.",
  });
}

/** A fact that an earlier step must have found. Its absence is a defect, not an operator's problem. */
export function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is not known at this step`);
  return value;
}
