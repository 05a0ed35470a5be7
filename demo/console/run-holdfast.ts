import { spawn } from "node:child_process";
import { z } from "zod";
import { PROJECT, tsxArguments } from "../parts/program-part";

/** The command line said no. `exitCode` is the contract's: 1 failed, 2 wrong usage, 3 refused. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: number | null,
  ) {
    super(message);
  }
}

const Failure = z.object({ error: z.object({ message: z.string(), hint: z.string().nullish() }) });
const OUTPUT_BYTES_MAX = 16 * 2 ** 20;

/** What went wrong, in the command's own words. */
function explain(command: string, stdout: string, stderr: string): string {
  const known = Failure.safeParse(parseJson(stdout));
  if (known.success)
    return `"holdfast ${command}" failed: ${[known.data.error.message, known.data.error.hint].filter(Boolean).join(". ")}`;
  return `"holdfast ${command}" failed: ${stderr.trim().split("\n").slice(-4).join(" / ").slice(-800) || "it said nothing"}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller says what it got instead
  }
}

/** Runs `holdfast ARGS --json` as a process of its own, as a person would, and reads its answer.
 *  @throws CommandError for any exit code but 0, or an answer that the contract does not know */
export async function runHoldfast<T>(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  answer: z.ZodType<T>,
): Promise<T> {
  const command = args.slice(0, 2).join(" ");
  const child = spawn(process.execPath, [...tsxArguments("jobs/cli.ts"), ...args, "--json"], {
    cwd: PROJECT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout = (stdout + text).slice(-OUTPUT_BYTES_MAX)));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-8_192)));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (exitCode !== 0) throw new CommandError(explain(command, stdout, stderr), exitCode);
  const parsed = answer.safeParse(parseJson(stdout));
  if (!parsed.success)
    throw new CommandError(
      `"holdfast ${command}" gave an unexpected answer: ${z.prettifyError(parsed.error)}`,
      exitCode,
    );
  return parsed.data;
}
