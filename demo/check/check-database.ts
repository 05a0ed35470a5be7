import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createConnection } from "mariadb";
import { breakDatabase } from "../break";
import { type RunAnswer, StartedAnswer, SystemsAnswer } from "../console/answers";
import { applyConfiguration, requireSuccess, RUNBOOK, ensureFullBackup } from "../console/first-steps";
import type { RunningConsole } from "../console/start-console";
import type { Estate } from "../estate";
import type { JournalEntry } from "../load/journal";
import { readShopSettings } from "../shop/settings";
import { findWriteAfter, type WitnessReport, witnessRecovery } from "../witness";
import { type CheckReport, judgeRecovery, type RecoveryFacts } from "./judge-recovery";

export interface CheckOptions {
  estate: Estate;
  console: RunningConsole;
  /** Tells a person how far it is. */
  say(text: string): void;
}

/** Orders that are written after the full backup: what comes back of them came from the log. */
const ORDERS_AFTER_BACKUP = 200;
/** The disaster strikes somewhere in a shipping interval, not always at the same place. */
const SHIPPING_INTERVAL_MS = 5_000;
const PATIENCE_MS = 120_000;

async function until(what: string, fact: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS / 1_000} s for ${what}`);
    await wait(200);
  }
}

/** Until the secondary holds the log of now, but for what ships within two intervals. */
async function untilShipped(console: RunningConsole): Promise<void> {
  await until("the log to reach the secondary repository", async () => {
    const { systems } = await console.run(["systems"], SystemsAnswer);
    const secondary = systems
      .find(({ name }) => name === "database")
      ?.repositories.find(({ name }) => name === "secondary");
    return (secondary?.exposureSeconds ?? Infinity) * 1_000 <= 2 * SHIPPING_INTERVAL_MS;
  });
}

async function recover(console: RunningConsole): Promise<RunAnswer> {
  const how = ["--mode", "live", "--at", "latest", "--from", "secondary", "--confirm", "database"];
  const reason = ["--reason", "the check lost the primary server and its repository"];
  const { runId } = await console.run(["runbook", "run", RUNBOOK, ...how, ...reason, "--wait"], StartedAnswer);
  return requireSuccess(console, runId, "the recovery");
}

async function untilTraffic(estate: Estate, from: Date): Promise<JournalEntry> {
  let write: JournalEntry | null = null;
  await until("the shop to take orders again", async () => {
    write = await findWriteAfter(estate.layout.witness.journal, from);
    return write !== null;
  });
  if (write === null) throw new Error("the shop took no order again");
  return write;
}

/** As the shop sees the recovered server: its account came back with the users. */
async function askWitness(estate: Estate, disruptionAt: Date, until: Date): Promise<WitnessReport> {
  const { database } = readShopSettings(estate.layout.shop.settings);
  const connection = await createConnection(database);
  try {
    return await witnessRecovery({ connection, journal: estate.layout.witness.journal, disruptionAt, until });
  } finally {
    await connection.end();
  }
}

async function gatherFacts({ estate, console, say }: CheckOptions): Promise<RecoveryFacts> {
  await applyConfiguration(console, estate.layout);
  say("waiting for the full backup");
  await ensureFullBackup(console);
  const before = estate.counts()?.ok ?? 0;
  say(`full backup complete; waiting for ${ORDERS_AFTER_BACKUP} orders more`);
  await until("orders", () => (estate.counts()?.ok ?? 0) >= before + ORDERS_AFTER_BACKUP);
  await untilShipped(console);
  await wait(randomInt(SHIPPING_INTERVAL_MS));

  await breakDatabase(estate.layout);
  // The runner's copy of the log would be lost with a runner on the primary's host: only the repository may count.
  rmSync(join(estate.layout.home, "spool", "database"), { recursive: true, force: true });
  say("the primary server was killed, its data directory and the runner's unshipped log removed");
  await estate.stopPart("store-primary");
  say("the primary store is stopped; recovering from the secondary alone");
  // By now every acknowledgement of a write from before the disaster has arrived.
  const from = new Date();
  const run = await recover(console);
  const traffic = await untilTraffic(estate, from);
  say("the shop takes orders again; asking the witness");
  if (run.disruptionAt === null) throw new Error("the recovery named no disruption");
  const disruptionAt = new Date(run.disruptionAt);
  const repository = run.result?.fromRepository;
  return {
    witness: await askWitness(estate, disruptionAt, from),
    rpoReportedSeconds: run.rpoActualSeconds,
    rtoReportedSeconds: run.rtoActualSeconds,
    rtoActualSeconds: (traffic.acknowledgedAt - disruptionAt.getTime()) / 1_000,
    fromRepository: typeof repository === "string" ? repository : null,
    failure: null,
  };
}

/** Full backup, writes, disaster, recovery from the secondary repository alone, proof. Never throws: what stopped it is in the report. */
export async function checkDatabase(options: CheckOptions): Promise<CheckReport> {
  const unknown = {
    witness: null,
    rpoReportedSeconds: null,
    rtoReportedSeconds: null,
    rtoActualSeconds: null,
    fromRepository: null,
  };
  try {
    return judgeRecovery(await gatherFacts(options));
  } catch (error) {
    return judgeRecovery({ ...unknown, failure: error instanceof Error ? error.message : String(error) });
  }
}
