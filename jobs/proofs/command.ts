import { type ChildProcess, spawn } from "node:child_process";
import { PROJECT, tsxArguments } from "@/demo/parts/program-part";

export interface CommandEnd {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  child: ChildProcess;
  /** The first line on stdout. @throws Error when the process ends without one */
  firstLine: Promise<string>;
  ended: Promise<CommandEnd>;
}

/** Starts a program of this machine. */
export function startCommand(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): RunningCommand {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.includes("\n")) resolve(stdout.slice(0, stdout.indexOf("\n")));
    });
    ended.then(
      () => reject(new Error(`it ended without an answer: ${stderr.slice(-800)}`)),
      (error: unknown) => reject(error as Error),
    );
  });
  firstLine.catch(() => undefined); // Whoever does not read it reads the end.
  return { child, firstLine, ended };
}

/** `holdfast ARGS` as a person starts it. */
export function startHoldfast(env: NodeJS.ProcessEnv, args: readonly string[]): RunningCommand {
  return startCommand(process.execPath, [...tsxArguments("jobs/cli.ts"), ...args], { env, cwd: PROJECT });
}

/** Lets MariaDB's own client into a recovered server, by the option file that the restore printed, and asks. */
export async function askClient(optionFile: string, sql: string): Promise<string[]> {
  const args = [`--defaults-file=${optionFile}`, "--batch", "--skip-column-names", "-e", sql];
  const { exitCode, stdout, stderr } = await startCommand("mariadb", args).ended;
  if (exitCode !== 0) throw new Error(`mariadb ended with ${exitCode}: ${stderr}`);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Shuts a recovered server down, as a person who no longer needs it. */
export async function shutDown(optionFile: string): Promise<void> {
  const { exitCode, stderr } = await startCommand("mariadb-admin", [`--defaults-file=${optionFile}`, "shutdown"]).ended;
  if (exitCode !== 0) throw new Error(`mariadb-admin ended with ${exitCode}: ${stderr}`);
}
