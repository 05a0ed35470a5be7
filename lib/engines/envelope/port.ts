import type { Readable } from "node:stream";
import type { PipedBytes, ProgramPipe } from "@/lib/engines/shared/piped-bytes";

export type { PipedBytes, ProgramPipe };

/** How a part is packed: zstd, then age when there are recipients. The extension says which: `.zst.age` or `.zst`. */
export interface SealFacts {
  /** Of the bytes that went in. */
  plain: { sizeBytes: number; sha256: string };
}

export interface Sealing {
  /** Ends only when every program has ended well; otherwise it errors, so that nothing that was cut off is stored. */
  output: Readable;
  /** The same for gigabytes, in the place of `output`: a chunk is valid until the next one is asked for. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Settles after the last byte: only then is the output whole. Rejects with EngineError if the input or any program
   *  failed. When the reader closed the output early it rejects with the EngineError that the reader gave to
   *  `destroy`, or else with CancelledError: the cause is then the reader's own. */
  done: Promise<SealFacts>;
}

export interface Opening {
  output: Readable;
  /** Settles after the last byte and every exit code. age writes bytes before it notices a cut or a wrong key:
   *  nothing of `output` may be relied on before this resolves. A reader who closes the output early: as in `Sealing`. */
  done: Promise<{ sealed: { sizeBytes: number; sha256: string }; plain: { sizeBytes: number } }>;
}

/** What a part holds, for a program that reads it by itself. As with `Opening`, nothing may be relied on before `done`. */
export interface PipedOpening extends ProgramPipe {
  done: Promise<{ sealed: { sizeBytes: number; sha256: string } }>;
}

export interface OpenOptions {
  /** Whether age is in the way. */
  encrypted: boolean;
  /** The private key's file. */
  identityFile: string | undefined;
  signal: AbortSignal;
}

/** Packs and unpacks what lies in a repository, with the standard programs `zstd` and `age`, so that a person
 *  without Holdfast can open it. Nothing is written to disk. Rejects only with EngineError or CancelledError. */
export interface Envelope {
  /** `.zst.age`, or `.zst` without recipients. */
  extension(recipients: readonly string[]): string;
  /** The recipients whose private keys an identity file holds: what was sealed for one of them must open with it. */
  recipientsOf(identityFile: string, signal: AbortSignal): Promise<string[]>;
  seal(
    input: Readable | PipedBytes,
    options: { recipients: readonly string[]; level?: number; signal: AbortSignal },
  ): Sealing;
  open(input: Readable, options: OpenOptions): Opening;
  /** For gigabytes that go to a program: starts nothing before the pipe is. Absent where no program unpacks. */
  openPiped?(input: Readable, options: OpenOptions): PipedOpening;
}
