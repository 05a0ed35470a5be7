import type { ApplicationHost } from "./application/port";
import type { CodeEngine } from "./code/port";
import type { Connection, DatabaseEngine, DatabaseSample } from "./database/port";
import type { Envelope } from "./envelope/port";
import type { FilesEngine, FilesSource } from "./files/port";
import type { Mailer } from "./mail/port";
import type { ObjectStore } from "./object-store/port";
import type { HttpProbe } from "./probe/port";
import type { Signer } from "./signer/port";
import type { Webhook } from "./webhook/port";

/** A connection as holdfast.yaml declares it: its password is a `${NAME}`. */
export interface DeclaredConnection {
  socket?: string | undefined;
  host: string;
  port: number;
  user: string;
  password: string;
}

/** A throw-away estate on which the verifier is tried: nothing of it belongs to a declared system. */
export interface Practice {
  sample: DatabaseSample;
  /** A small tree of files, and the same with one file less. */
  trees: { whole: FilesSource; short: FilesSource };
  /** Empty. */
  store: ObjectStore;
  /** The private key of `recipient`. */
  identityFile: string;
  recipient: string;
  /** A recipient whose private key is not there. */
  foreignRecipient: string;
  /** Removes all of it. */
  remove(): Promise<void>;
}

/** What the runner hands to a job: every door to the outside, opened with the secrets of its own environment. */
export interface Engines {
  /** The store behind a repository of the configuration. @throws PreconditionError when it is not declared or a variable is missing */
  store(repository: string): Promise<ObjectStore>;
  /** The engine of a system's kind, bound to its declared connection. */
  database(system: string): Promise<DatabaseEngine>;
  /** Trees of files, and repositories of code, on this runner's machine. */
  files: FilesEngine;
  code: CodeEngine;
  /** A declared connection with the secrets of this runner's environment. */
  connection(declared: DeclaredConnection): Connection;
  /** The mail server of a channel. @throws NotFoundError, PreconditionError when a variable is missing */
  mailer(channel: string): Promise<Mailer>;
  /** The receiver of a channel. @throws NotFoundError, PreconditionError when a variable is missing */
  webhook(channel: string): Promise<Webhook>;
  envelope: Envelope;
  probe: HttpProbe;
  applications: ApplicationHost;
  /** Makes one below a directory of this runner, which must be absent. */
  makePractice(options: { directory: string; signal: AbortSignal }): Promise<Practice>;
  signer: Signer;
  /** Directories of this runner: short paths, 0700. */
  directories: { spool: string; scratch: string };
  /** Text of the script that a repository carries, so that it can be restored without Holdfast. */
  restoreScript: string;
}
