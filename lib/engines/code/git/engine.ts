import type { CodeEngine } from "../port";
import { bundleCode, verifyBundle } from "./bundle";
import { readFacts } from "./read-facts";
import { restoreCode } from "./restore";

/** Code by git. @param directory of this runner: bundles lie there until they are stored, or while they are read */
export function openGitCode({ directory }: { directory: string }): CodeEngine {
  return {
    inspect: readFacts,
    bundle: (source, signal) => bundleCode(source, directory, signal),
    verify: (bundle, signal) => verifyBundle(bundle, directory, signal),
    restore: (target, bundle, options) => restoreCode(target, bundle, { ...options, directory }),
  };
}
