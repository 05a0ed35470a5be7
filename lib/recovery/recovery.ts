import type { JobCtx } from "@/lib/db/context";
import type { Manifest } from "@/lib/backups";
import type { DatabaseEngine, Heartbeat, ReplayPlan, ScratchServer } from "@/lib/engines/database/port";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import type { RunHandle } from "@/lib/runs";
import type { RestoredTo } from "@/lib/runs/schemas";
import type { MariadbDeclaration } from "@/lib/settings/schemas";
import type { LogPiece } from "./cover-log";
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
  engine: DatabaseEngine;
  identityFile: string | undefined;
  /** Where the recovered server lives; short, since its socket lies below it. */
  directory: string;
  /** Where the fetched log lies until it is replayed; next to the server, and gone with it. */
  logDirectory: string;
  /** What the owner declared to be checked. */
  verify: MariadbDeclaration["verify"];
  manifest?: Manifest;
  pieces?: LogPiece[];
  replay?: ReplayPlan;
  restoredTo?: RestoredTo;
  server?: ScratchServer;
  heartbeat?: Heartbeat | null;
}

/** A fact that an earlier step must have found. Its absence is a defect, not an operator's problem. */
export function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is not known at this step`);
  return value;
}
