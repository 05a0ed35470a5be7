import { spawn } from "node:child_process";
import { PROJECT, tsxArguments } from "@/demo/parts/program-part";

/** How a command of the command line ended. */
export interface CommandEnd {
  exitCode: number | null;
  /** The one JSON object on stdout. */
  answer: Record<string, unknown>;
  stderr: string;
}

/** `holdfast ARGS --json` as a process of its own, whatever it comes to. */
export async function runCommand(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<CommandEnd> {
  const child = spawn(process.execPath, [...tsxArguments("jobs/cli.ts"), ...args, "--json"], {
    cwd: PROJECT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { exitCode, answer: JSON.parse(stdout) as Record<string, unknown>, stderr };
}
