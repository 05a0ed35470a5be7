import { type ChildProcess, spawn } from "node:child_process";
import type { Logger } from "@/lib/kernel/log";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";

export interface KeptProcess {
  name: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  log: Logger;
  signal: AbortSignal;
}

const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 30_000;
/** A process that lived so long is started again without a longer pause. */
const STEADY_MS = 60_000;
const KILL_AFTER_MS = 40_000;

/**
 * Runs a part of Holdfast as a process of its own and starts it again whenever it ends, with growing pauses; until the
 * signal, when it gets SIGTERM and is waited for. It ends with us even when we are killed (`setpriv --pdeathsig`).
 */
export async function keepProcess(kept: KeptProcess): Promise<void> {
  let pauseMs = PAUSE_MS;
  while (!kept.signal.aborted) {
    const begunMs = monotonicMs();
    const how = await runOnce(kept);
    if (kept.signal.aborted) return;
    pauseMs = monotonicMs() - begunMs > STEADY_MS ? PAUSE_MS : Math.min(pauseMs * 2, PAUSE_MS_MAX);
    kept.log.warn({ process: kept.name, how, pauseMs }, "a part ended and is started again");
    await waitFor(pauseMs, kept.signal);
  }
}

function runOnce(kept: KeptProcess): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn("setpriv", ["--pdeathsig=TERM", "--", process.execPath, ...kept.args], {
      stdio: ["ignore", "inherit", "inherit"],
      env: kept.env,
    });
    const stop = () => stopChild(child);
    kept.signal.addEventListener("abort", stop, { once: true });
    const end = (how: string) => {
      kept.signal.removeEventListener("abort", stop);
      resolve(how);
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(signal ?? `exit code ${code ?? "unknown"}`));
  });
}

function stopChild(child: ChildProcess): void {
  child.kill("SIGTERM");
  setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
}
