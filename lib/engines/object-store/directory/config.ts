export interface DirectoryConfig {
  /** Must exist: a directory made by us could lie below a mount point whose volume is missing. */
  path: string;
}

/** Below the root: what is being written, until it is whole. No key may begin with it. */
export const UNFINISHED = ".holdfast-unfinished";
