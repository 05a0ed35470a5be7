import { EngineError } from "@/lib/kernel/errors";
import { startProgram } from "@/lib/engines/shared/process";
import { dirname } from "node:path";

export const ENGINE = "git";
const STDOUT_BYTES_MAX = 64 * 2 ** 20;

/**
 * Given for each call by the environment, which wins over every file: neither a user's configuration is read or changed,
 * nor does the source's own start a program. Whose files they are does not matter: the operator declared the path.
 */
const CONFIGURATION: Record<string, string> = {
  "safe.directory": "*",
  "safe.bareRepository": "all",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.alternateRefsCommand": "true",
  "core.autocrlf": "false",
  "credential.helper": "",
  "protocol.allow": "never",
  "protocol.file.allow": "always",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "init.defaultBranch": "main",
  "advice.detachedHead": "false",
};

const ENVIRONMENT: Record<string, string> = {
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_NO_LAZY_FETCH: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_CONFIG_COUNT: String(Object.keys(CONFIGURATION).length),
  ...Object.fromEntries(
    Object.entries(CONFIGURATION).flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
};

export interface GitCall {
  operation: string;
  /** The repository itself: one further up is not looked for. */
  path: string;
  signal: AbortSignal;
  allowedExitCodes?: readonly number[];
}

/** Runs git in a repository. Returns what it prints. */
export async function runGit(args: readonly string[], call: GitCall): Promise<{ exitCode: number; stdout: string }> {
  const { child, done } = startProgram({
    engine: ENGINE,
    operation: call.operation,
    program: "git",
    args,
    cwd: call.path,
    env: { ...ENVIRONMENT, GIT_CEILING_DIRECTORIES: dirname(call.path) },
    diesWithUs: true,
    signal: call.signal,
    allowedExitCodes: call.allowedExitCodes ?? [0],
    hint: "Does `git fsck` in the repository say that it is whole?",
    explain: (stderr) => explain(stderr, call),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= STDOUT_BYTES_MAX) chunks.push(chunk);
  });
  const { exitCode } = await done;
  if (size > STDOUT_BYTES_MAX)
    throw failed(call.operation, "git said more than can be kept", "Are there millions of refs?");
  return { exitCode, stdout: Buffer.concat(chunks).toString("utf8") };
}

export function failed(operation: string, message: string, hint: string): EngineError {
  return new EngineError(message, { engine: ENGINE, operation, permanent: true, hint });
}

function explain(stderr: string, { operation, path }: GitCall): EngineError | undefined {
  if (/not a git repository/.test(stderr)) {
    return failed(
      operation,
      `"${path}" is no git repository`,
      "Declare the directory that holds `.git`, or a bare repository.",
    );
  }
  if (
    /does not look like a v\d|not a bundle|unrecognized header|early EOF|pack .*(?:corrupt|bad|truncated)|index-pack died|is corrupt|inflate|SHA1 mismatch|lacks these prerequisite/i.test(
      stderr,
    )
  ) {
    return failed(
      operation,
      "the bundle is damaged, cut off or not whole",
      "Compare the object's SHA-256 with its manifest.",
    );
  }
  return undefined;
}
