import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { childEnvironment } from "@/lib/kernel/env";
import { readCounts } from "./load/read-counts";
import { layoutOf } from "./parts/layout";
import { PROJECT, tsxArguments } from "./parts/program-part";

const directory = `/var/tmp/hf-demo-${process.pid}`;
const layout = layoutOf(directory);

interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

interface Started {
  child: ChildProcess;
  /** When nobody holds its output any more. */
  ended: Promise<Ended>;
}

function startProgram(program: string, args: readonly string[]): Started {
  const child = spawn(program, args, {
    cwd: PROJECT,
    env: childEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return {
    child,
    ended: new Promise((resolve) => child.once("close", (exitCode) => resolve({ exitCode, stdout, stderr }))),
  };
}

const start = (...args: string[]) => startProgram(process.execPath, [...tsxArguments("demo/main.ts"), ...args]);
const demo = (...args: string[]) => start(...args).ended;

/** Programs whose arguments lie in the estate's directory. */
function processesOfTheEstate(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return ""; // ended meanwhile
      }
    })
    .filter((command) => command.includes(`${directory}/`));
}

/** A start of the estate whose load reports anew. */
function startHeld(by: (...args: string[]) => Started = start): Started {
  rmSync(layout.witness.counts, { force: true });
  return by("estate", "--memory", "--data", directory);
}

async function untilOrders(count: number): Promise<void> {
  while ((readCounts(layout.witness.counts)?.ok ?? 0) < count) await wait(50);
}

afterAll(async () => {
  await demo("stop", "--data", directory);
  rmSync(directory, { recursive: true, force: true });
});

describe("npm run demo", () => {
  test("an estate whose process was killed hard leaves nothing that the next start or stop does not end", async () => {
    const first = startHeld();
    await untilOrders(5);
    first.child.kill("SIGKILL");
    await first.ended;
    const second = startHeld();
    await untilOrders(5);
    second.child.kill("SIGKILL");
    await second.ended;
    expect(await demo("stop", "--data", directory, "--json")).toMatchObject({
      exitCode: 0,
      stdout: '{"state":"stopped"}\n',
    });
    expect(processesOfTheEstate()).toEqual([]);
  });

  test("break and stop reach a running estate from another process; a broken database stays so over a restart, which a signal to npm ends", async () => {
    const first = startHeld();
    await untilOrders(5);
    expect(processesOfTheEstate().length).toBeGreaterThanOrEqual(9);
    const broken = await demo("break", "database", "--data", directory, "--json");
    expect(JSON.parse(broken.stdout)).toMatchObject({ broken: "database" });
    expect(existsSync(layout.database)).toBe(false);
    expect((await demo("break", "database", "--data", directory)).stderr).toContain("broken already");
    expect(await demo("stop", "--data", directory)).toMatchObject({ exitCode: 0, stdout: "stopped\n" });
    expect(await first.ended).toMatchObject({ exitCode: 0, stderr: "" });
    expect(processesOfTheEstate()).toEqual([]);

    const second = startHeld((...args) => startProgram("npm", ["run", "-s", "demo", "--", ...args]));
    while (!existsSync(layout.witness.counts)) await wait(50);
    second.child.kill("SIGTERM");
    expect((await second.ended).stdout).toContain("the database is broken since");
    expect(existsSync(join(layout.database, "data"))).toBe(false);
    expect(processesOfTheEstate()).toEqual([]);
  });

  test("refuses what it does not know with exit code 2", async () => {
    expect((await demo("break", "everything")).exitCode).toBe(2);
    expect((await demo("--scenario", "meteor")).exitCode).toBe(2);
  });

  test("does not begin a check in a directory that holds something", async () => {
    const answer = await demo("--check", "--json", "--data", directory);
    expect(answer).toMatchObject({ exitCode: 1, stdout: "" });
    expect(answer.stderr).toContain("is not empty");
  });
});
