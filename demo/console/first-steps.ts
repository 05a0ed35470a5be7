import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { writePrivateFile } from "../parts/estate-file";
import { TREES } from "../holdfast-yaml";
import type { Layout } from "../parts/layout";
import { AppliedAnswer, BackupsAnswer, CreatedUserAnswer, RunAnswer, StartedAnswer, SystemsAnswer } from "./answers";
import { CommandError } from "./run-holdfast";
import type { RunningConsole } from "./start-console";

const SignIns = z.array(z.object({ role: z.string(), email: z.string(), password: z.string() }));
export type SignIns = z.infer<typeof SignIns>;

const PEOPLE = [
  { role: "administrator", email: "administrator@example.com", name: "Ada Administrator" },
  { role: "operator", email: "operator@example.com", name: "Olga Operator" },
  { role: "auditor", email: "auditor@example.com", name: "Aino Auditor" },
  { role: "viewer", email: "viewer@example.com", name: "Vito Viewer" },
] as const;

/** Exit code of the command line for what a guard refused. */
const REFUSED = 3;
const POLL_MS = 1_000;
const PATIENCE_MS = 120_000;

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

/** @throws CommandError (3) when one is under way already; Error when it failed */
async function takeFullBackup(console: RunningConsole): Promise<RunAnswer> {
  const { runId } = await console.run(["backup", "run", "database", "--type", "full", "--wait"], StartedAnswer);
  return requireSuccess(console, runId, "the full backup");
}

/** Waits for a full backup that is complete. The runner takes one by itself when it first sees a log; where it does not,
 *  one is started. @throws Error when it failed */
export async function ensureFullBackup(console: RunningConsole): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const { backups } = await console.run(["backup", "list", "--system", "database"], BackupsAnswer);
    if (backups.some(({ type, state }) => type === "full" && state === "complete")) return;
    try {
      await takeFullBackup(console);
    } catch (error) {
      // Refused: one is under way already, and that one is waited for.
      const isRefused = error instanceof CommandError && error.exitCode === REFUSED;
      if (!isRefused || performance.now() > until) throw error;
      await wait(POLL_MS);
    }
  }
}

/** The systems that a restore proved at least once. */
async function listProven(console: RunningConsole): Promise<string[]> {
  const { systems } = await console.run(["systems"], SystemsAnswer);
  return systems.filter(({ lastProvenAt }) => lastProvenAt !== null).map(({ name }) => name);
}

/** Whether a restore ever proved a backup of the database. */
export async function isProven(console: RunningConsole): Promise<boolean> {
  return (await listProven(console)).includes("database");
}

/** A full of everything under one id, and a proof of what has none yet. @throws Error when one of them failed */
export async function proveTrees(console: RunningConsole): Promise<void> {
  const proven = await listProven(console);
  const unproven = TREES.filter((name) => !proven.includes(name));
  if (unproven.length === 0) return;
  const cut = await console.run(["cut", "run", "--wait"], StartedAnswer);
  await requireSuccess(console, cut.runId, "the cut");
  for (const name of unproven) {
    const { runId } = await console.run(["verify", name, "--wait"], StartedAnswer);
    await requireSuccess(console, runId, `the verification of ${name}`);
  }
}

export async function runDrill(console: RunningConsole): Promise<RunAnswer> {
  const { runId } = await console.run(["runbook", "run", RUNBOOK, "--mode", "drill", "--wait"], StartedAnswer);
  return requireSuccess(console, runId, "the drill");
}
