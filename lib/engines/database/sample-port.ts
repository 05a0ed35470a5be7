import type { DatabaseEngine, DumpFacts, ServerSettings } from "./port";

/** A dump of a sample, as the vendor's own program wrote it. */
export interface SampleDump {
  sql: Buffer;
  facts: DumpFacts;
}

/** What can be wrong with a dump that is otherwise well formed. */
export type SampleDamage = "no-footer" | "no-rows" | "table-missing" | "triggers-missing" | "other-character-set";

/** One small database, and the ways in which its backup can be broken: what the verifier itself is tried on. */
export interface DatabaseSample {
  engine: DatabaseEngine;
  serverId: string;
  settings: ServerSettings;
  schemas: string[];
  /** The users' artefact. */
  users: Buffer;
  whole: SampleDump;
  /** Of the same server, some transactions before. */
  earlier: SampleDump;
  /** `whole` with one thing wrong. */
  broken: Record<SampleDamage, Buffer>;
  /** The log file of `whole`'s position, to beyond it, with a heartbeat behind it. */
  log: Buffer;
  /** Another history's file of the same name. */
  otherLog: Buffer;
}
