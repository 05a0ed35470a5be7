import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkDatabase } from "./check/check-database";
import type { CheckReport } from "./check/judge-recovery";
import { startConsole } from "./console/start-console";
import { defaultDirectory } from "./parts/layout";
import { openEstate, untilAsked } from "./run-demo";
import type { Teller } from "./say";

/** The report, and what stood in the place of the repositories: a proof on directories says so. */
export type CheckAnswer = CheckReport & { stores: "s3" | "directory"; seconds: number };

async function check(directory: string, teller: Teller): Promise<Omit<CheckAnswer, "seconds">> {
  const interrupted = untilAsked().then(() => {
    throw new Error("the check was interrupted");
  });
  const estate = await openEstate(directory, teller);
  try {
    teller.say("starting the console without its pages");
    const console = await startConsole(estate, { port: estate.ports.console, pages: false });
    try {
      const report = await Promise.race([checkDatabase({ estate, console, say: teller.say }), interrupted]);
      return { ...report, stores: estate.stores.kind };
    } finally {
      await console.stop();
    }
  } finally {
    await estate.stop();
  }
}

/**
 * Loses a database and recovers it, on an estate of its own that begins empty: one that runs meanwhile is not touched.
 * Everything is stopped then. A directory of ours is removed when the recovery was proven, else kept to be looked at.
 * @throws Error when the given directory is not empty
 */
export async function runCheck(given: string | undefined, teller: Teller): Promise<CheckAnswer> {
  const directory = given ?? join(defaultDirectory(), "..", `check-${process.pid}`);
  const began = performance.now();
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new Error(`"${directory}" is not empty, and a check begins with an empty directory`);
  }
  const report = await check(directory, teller);
  if (!report.ok) teller.say(`not proven; everything of it lies in "${directory}"`);
  else if (given === undefined) rmSync(directory, { recursive: true, force: true });
  return { ...report, seconds: Math.round((performance.now() - began) / 100) / 10 };
}
