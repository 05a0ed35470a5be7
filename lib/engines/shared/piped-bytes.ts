import type { Readable } from "node:stream";
import type { Measure } from "./measured-stream";

/** What a program writes, for another program to read by itself: these bytes never pass through this process. */
export interface ProgramPipe {
  /** Starts the program, and answers its end of a pipe: to be handed to a program as its standard input at once, and
   *  then closed here. (What a program that has ended left in a pipe that nobody reads, Node throws away.) */
  start(): Readable;
  /** Nobody reads on: ends what writes. After a good end it does nothing. */
  abandon(): void;
}

/** The same, with what went through it. */
export interface PipedBytes extends ProgramPipe {
  /** Settles when everything before the pipe ended well, and rejects otherwise. */
  measured: Promise<Measure>;
}
