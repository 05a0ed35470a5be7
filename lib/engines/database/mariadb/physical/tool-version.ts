import { startProgram } from "@/lib/engines/shared/process";
import { ENGINE } from "../map-error";
import { physicalFailure } from "./physical-failure";

export const TOOL = "mariadb-backup";
const INSTALL = "Install the mariadb-backup of the server's own version on this machine (Debian: mariadb-backup).";

/** The three numbers of a version: `10.11.19-MariaDB-log` is [10, 11, 19]. Null for anything else. */
export function parseToolVersion(text: string): readonly [number, number, number] | null {
  const match = /(\d+)\.(\d+)\.(\d+)-MariaDB/i.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : null;
}

/**
 * Whether a tool may read files that a program of version `made` wrote: the same series, and not older. Another series
 * knows another redo log; an older tool may miss what a newer server writes, and end well.
 */
export function isToolFit(tool: string, made: string): boolean {
  const [own, other] = [parseToolVersion(tool), parseToolVersion(made)];
  return own !== null && other !== null && own[0] === other[0] && own[1] === other[1] && own[2] >= other[2];
}

/** The installed tool's version as `10.11.19-MariaDB`. @throws EngineError where there is none, or it says none */
export async function readToolVersion(operation: string, signal: AbortSignal): Promise<string> {
  const { done } = startProgram({
    engine: ENGINE,
    operation,
    program: TOOL,
    args: ["--version"],
    // It speaks on stderr.
    stdio: ["ignore", "ignore", "pipe"],
    signal,
    hint: INSTALL,
  });
  const { stderr } = await done;
  const version = parseToolVersion(stderr);
  if (version) return `${version.join(".")}-MariaDB`;
  throw physicalFailure(operation, `"${TOOL}" does not say its version`, { hint: INSTALL });
}

/** In words why a tool is refused. */
export function describeMisfit(tool: string, made: string): { message: string; hint: string } {
  return {
    message: `${TOOL} is ${tool} and the server's files are of ${made}: it must be of the same series and not older`,
    hint: INSTALL,
  };
}

/** @throws EngineError where the installed tool does not fit. Answers its version. */
export async function requireTool(made: string, operation: string, signal: AbortSignal): Promise<string> {
  const tool = await readToolVersion(operation, signal);
  if (isToolFit(tool, made)) return tool;
  const { message, hint } = describeMisfit(tool, made);
  throw physicalFailure(operation, message, { hint });
}
