import { setTimeout as wait } from "node:timers/promises";
import { findMissingStorePrograms } from "./find-stores";
import {
  applyConfiguration,
  isProven,
  keepUsers,
  proveTrees,
  runDrill,
  type SignIns,
  ensureFullBackup,
} from "./console/first-steps";
import { type RunningConsole, startConsole } from "./console/start-console";
import { type Estate, startEstate } from "./estate";
import { readDown } from "./parts/down";
import type { Teller } from "./say";

/** Where the contract promises the console. */
const CONSOLE_PORT = 3_000;

const FALLBACK =
  "NO S3 STORES: the packages radosgw, ceph-mon and ceph-osd are not installed, so two directories stand in their place";

/** An interrupt or `stop`. */
export function untilAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}

/** Starts the estate; with real stores where the machine has them. */
export async function openEstate(
  directory: string,
  teller: Teller,
  keepStoresIn: "memory" | "disk" = "disk",
): Promise<Estate> {
  const missing = findMissingStorePrograms();
  return startEstate({
    keepStoresIn,
    mailbox: true,
    directory,
    stores: missing.length > 0 ? "directory" : "s3",
    onEvent: (text) => teller.say(text),
  });
}

/** Rejects when the console ends by itself: `holdfast up` starts its own parts again, so that nothing would come back. */
async function untilConsoleEnds(console: RunningConsole, estate: Estate, signal: AbortSignal): Promise<never> {
  while (console.isAlive()) await wait(1_000, undefined, { signal });
  throw new Error(`the console ended by itself; its log is "${estate.layout.home}/console.log"`);
}

/** What fails here is a failed run of the console, to be looked at there: the demo goes on. */
async function takeFirstSteps(console: RunningConsole, estate: Estate, teller: Teller): Promise<void> {
  try {
    await proveFirstBackup(console, estate, teller);
  } catch (error) {
    teller.say(`${error instanceof Error ? error.message : String(error)}; see ${console.url}/runs`);
  }
}

async function proveFirstBackup(console: RunningConsole, estate: Estate, teller: Teller): Promise<void> {
  if (readDown(estate.layout, "database")) return teller.say("the database is lost: recover it from the console");
  if (!(await isProven(console))) {
    teller.say("waiting for the first full backup");
    await ensureFullBackup(console);
    teller.say("running the first drill");
    const { rtoActualSeconds, rpoActualSeconds } = await runDrill(console);
    teller.say(
      `drill passed: RTO actual ${rtoActualSeconds ?? "unknown"} s, RPO actual ${rpoActualSeconds ?? "unknown"} s`,
    );
  }
  teller.say("taking and proving the first cut: database, files, code, configuration and secrets under one id");
  await proveTrees(console);
  teller.say("every system is proven");
}

function showSignIn(url: string, signIns: SignIns, estate: Estate): string {
  const width = Math.max(...signIns.map(({ email }) => email.length));
  const people = signIns.map(({ role, email, password }) => `    ${email.padEnd(width)}  ${password}  (${role})`);
  const fallback = estate.stores.kind === "directory" ? [`  ${FALLBACK}`, ""] : [];
  return [
    "",
    ...fallback,
    `  Console   ${url}`,
    "  Sign in as",
    ...people,
    `  Shop      ${estate.shopUrl}/orders`,
    `  Alerts    ${estate.layout.mailbox.directory}`,
    `  Break it  npm run demo -- break database`,
    "  Stop      Ctrl-C, or npm run demo -- stop",
    "",
    "",
  ].join("\n");
}

/** The estate alone until someone stops it. */
export async function holdEstate(directory: string, teller: Teller, keepStoresIn: "memory" | "disk"): Promise<void> {
  const asked = untilAsked();
  const estate = await openEstate(directory, teller, keepStoresIn);
  teller.say(`the estate runs in "${directory}"; its configuration is "${estate.layout.configuration}"`);
  await asked;
  await estate.stop();
  teller.say("everything is stopped; the data stay");
}

/** Estate and console until someone stops them. */
export async function runDemo(directory: string, teller: Teller): Promise<void> {
  const asked = untilAsked();
  const ended = new AbortController();
  const estate = await openEstate(directory, teller);
  if (estate.stores.kind === "directory") teller.say(FALLBACK);
  try {
    teller.say("starting the console");
    const console = await startConsole(estate, { port: CONSOLE_PORT, pages: true });
    try {
      await applyConfiguration(console, estate.layout);
      const signIns = await keepUsers(console, estate.layout);
      teller.say(`the console runs at ${console.url}`);
      process.stdout.write(showSignIn(console.url, signIns, estate));
      const watched = untilConsoleEnds(console, estate, ended.signal);
      await Promise.race([asked, watched, takeFirstSteps(console, estate, teller).then(() => asked)]);
      teller.say("stopping");
    } finally {
      ended.abort();
      await console.stop();
    }
  } finally {
    await estate.stop();
    teller.say("everything is stopped; the data stay");
  }
}
