import type { Readable } from "node:stream";

/* What Holdfast asks of a repository of code: everything in one file, and everything back. */

export interface CodeSource {
  /** Absolute: the repository on this machine, with or without a working tree. */
  path: string;
  /** One tagged release and what leads to it; all refs unless told. */
  tag?: string | undefined;
}

export interface CodeRef {
  /** Such as `refs/heads/main`. */
  name: string;
  objectId: string;
}

export interface CodeFacts {
  /** In the order of their names; none for an empty repository. */
  refs: CodeRef[];
  /** The branch that HEAD names and its commit, either of them null where there is none; null for a tagged release. */
  head: { branch: string | null; objectId: string | null } | null;
  /** Such as `git 2.39.5`. */
  tool: string;
}

export interface CodeBundle {
  facts: CodeFacts;
  sizeBytes: number;
  /** The bundle's bytes, as often as they are wanted. */
  open(): Readable;
  /** Removes what lies on this machine's disk of it. */
  close(): Promise<void>;
}

/**
 * Rejects only with EngineError or CancelledError. Nothing of the source is run: no hook, no file-system monitor, no
 * credential helper, no fetch of what is missing. Nothing is written to the source, nor to any user's configuration.
 */
export interface CodeEngine {
  /** The refs as they are. Refuses a shallow or partial clone, whose history is elsewhere. @throws EngineError */
  inspect(source: CodeSource, signal: AbortSignal): Promise<CodeFacts>;
  /**
   * Packs all refs and all that they lead to into a bundle on this machine's disk, verified, with the refs that it
   * really holds. @throws EngineError for an empty repository: there is nothing to pack
   */
  bundle(source: CodeSource, signal: AbortSignal): Promise<CodeBundle>;
  /** The refs of a bundle that stands for itself. @throws EngineError (permanent) for one that does not */
  verify(bundle: Readable, signal: AbortSignal): Promise<CodeRef[]>;
  /**
   * Makes a repository from a bundle in an empty or absent directory: each object is checked, every ref and HEAD are
   * those of `facts`, the branch of HEAD is checked out. @throws EngineError when one is not
   */
  restore(directory: string, bundle: Readable, options: { facts: CodeFacts; signal: AbortSignal }): Promise<void>;
}
