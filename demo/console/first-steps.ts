import { readFileSync } from "node:fs";
import { z } from "zod";
import { writePrivateFile } from "../parts/estate-file";
import type { Layout } from "../parts/layout";
import { AppliedAnswer, BackupsAnswer, CreatedUserAnswer, RunAnswer, StartedAnswer } from "./answers";
import type { RunningConsole } from "./start-console";

const SignIns = z.array(z.object({ role: z.string(), email: z.string(), password: z.string() }));
export type SignIns = z.infer<typeof SignIns>;

const PEOPLE = [
  { role: "administrator", email: "administrator@example.com", name: "Ada Administrator" },
  { role: "operator", email: "operator@example.com", name: "Olga Operator" },
  { role: "auditor", email: "auditor@example.com", name: "Aino Auditor" },
  { role: "viewer", email: "viewer@example.com", name: "Vito Viewer" },
] as const;

export const RUNBOOK = "database-corruption";

/** Declares the estate to the console. */
export async function applyConfiguration(console: RunningConsole, layout: Layout): Promise<void> {
  await console.run(["apply", "-f", layout.configuration], AppliedAnswer);
}

const signInFile = (layout: Layout) => `${layout.directory}/sign-in.json`;

function readSignIns(layout: Layout): SignIns {
  try {
    return SignIns.parse(JSON.parse(readFileSync(signInFile(layout), "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** One person a role, made once; the passwords that the console made for them are kept in a 0600 file of the estate. */
export async function keepUsers(console: RunningConsole, layout: Layout): Promise<SignIns> {
  const known = readSignIns(layout);
  for (const { role, email, name } of PEOPLE) {
    if (known.some((signIn) => signIn.email === email)) continue;
    const { password } = await console.run(["user", "add", email, "--role", role, "--name", name], CreatedUserAnswer);
    known.push({ role, email, password });
    writePrivateFile(signInFile(layout), JSON.stringify(known, null, 2));
  }
  return known;
}

/** What a run ended with. @throws Error with the run's own words when it did not succeed */
export async function requireSuccess(console: RunningConsole, runId: string, what: string): Promise<RunAnswer> {
  const run = await console.run(["run", "show", runId], RunAnswer);
  if (run.state === "succeeded") return run;
  const step = run.steps.find((one) => one.error);
  throw new Error(`${what} ended as ${run.state}: ${run.error?.message ?? step?.error ?? "it gave no reason"}`);
}

export async function takeFullBackup(console: RunningConsole): Promise<RunAnswer> {
  const { runId } = await console.run(["backup", "run", "database", "--type", "full", "--wait"], StartedAnswer);
  return requireSuccess(console, runId, "the full backup");
}

export async function hasFullBackup(console: RunningConsole): Promise<boolean> {
  const { backups } = await console.run(["backup", "list", "--system", "database"], BackupsAnswer);
  return backups.some((backup) => backup.type === "full" && backup.state === "complete");
}

export async function runDrill(console: RunningConsole): Promise<RunAnswer> {
  const { runId } = await console.run(["runbook", "run", RUNBOOK, "--mode", "drill", "--wait"], StartedAnswer);
  return requireSuccess(console, runId, "the drill");
}
