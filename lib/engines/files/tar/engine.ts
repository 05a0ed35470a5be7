import type { FilesEngine } from "../port";
import { archiveFiles } from "./archive";
import { compareTree } from "./compare";
import { extractArchive } from "./extract";
import { fingerprintFiles } from "./fingerprint";
import { openFileLogs } from "./log/read-file-log";
import { assertSource } from "./select";
import { dropTarget, prepareTarget, settleTarget } from "./target";
import { requireTools } from "./tools";

/** Files by GNU tar, find and sort. @param directory of this runner: listings and snapshots lie there until they are stored */
export function openTarFiles({ directory }: { directory: string }): FilesEngine {
  return {
    inspect: async (source, signal) => {
      await assertSource(source);
      return { tool: await requireTools(signal) };
    },
    archive: (source, options) => archiveFiles(source, { ...options, directory }),
    prepareTarget,
    settleTarget,
    dropTarget,
    fingerprint: fingerprintFiles,
    extract: (target, archive, { signal }) => extractArchive(target, archive, signal),
    compare: (target, listing, options) => compareTree(target, listing, { ...options, workDirectory: directory }),
    log: openFileLogs(),
  };
}
