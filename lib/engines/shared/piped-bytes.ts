import type { Readable } from "node:stream";
import type { Measure } from "./measured-stream";

/** What a program writes, for another program to read by itself: these bytes never pass through this process. */
export interface PipedBytes {
  /** The program's end of a pipe, unread; to be handed to a program as its standard input, and then closed here. */
  pipe: Readable;
  /** What went through it; settles when everything before the pipe ended well, and rejects otherwise. */
  measured: Promise<Measure>;
  /** Nobody reads on: ends what writes. After a good end it does nothing. */
  abandon(): void;
}
