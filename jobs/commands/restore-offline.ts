import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createMariadbEngine } from "@/lib/engines/database/mariadb/engine";
import { readEnvironment } from "@/lib/kernel/env";
import { ValidationError } from "@/lib/kernel/errors";
import { formatDuration } from "@/lib/kernel/format";
import { Secret } from "@/lib/kernel/secret";
import { monotonicMs } from "@/lib/kernel/time";
import {
  type Recovery,
  type RecoveryCtx,
  checkTables,
  describeResult,
  fetchLog,
  findHeartbeat,
  findPoint,
  holdsTree,
  known,
  leaveDirectory,
  loadData,
  parsePoint,
  replayLog,
} from "@/lib/recovery";
import { untilAsked } from "../until-asked";
import type { Answer } from "./answer";
import { createOfflineCtx } from "./offline-ctx";
import { openOfflineSource } from "./offline-repository";
import { restoreTreeOffline } from "./restore-tree-offline";

interface OfflineOptions {
  system: string | undefined;
  repository?: string;
  identity?: string;
  publicKey?: string;
  to: string;
  at: string;
}

/**
 * Restores with no console: the bucket and a private key are enough. A throw-away server runs until the person ends
 * the command, which then leaves nothing; with `dir:PATH` the command ends, and the data stays.
 */
export async function restoreOffline(options: OfflineOptions): Promise<Answer> {
  const { system, repository, identity, to } = options;
  if (!system || !repository) {
    throw new ValidationError([{ path: "offline", message: "needs --system NAME and --repository URL" }]);
  }
  const point = parsePoint(options.at);
  const isScratch = to === "scratch";
  if (!isScratch && !to.startsWith("dir:/")) {
    throw new ValidationError([{ path: "to", message: "offline, expected scratch or dir:PATH with an absolute path" }]);
  }
  const asked = untilAsked();
  const interrupted = new AbortController();
  void asked.then(() => interrupted.abort());
  const home = await makeHome();
  const removeHome = () => rm(home, { recursive: true, force: true });
  const ctx = createOfflineCtx(interrupted.signal, home);
  try {
    const source = await openOfflineSource({ system, repository, publicKey: options.publicKey }, ctx.signal);
    if (!isScratch && (await holdsTree(ctx, source))) {
      const directory = to.slice("dir:".length);
      const answer = await restoreTreeOffline(ctx, { source, point, identity, directory });
      return { ...answer, afterwards: removeHome };
    }
    const recovery: Recovery = {
      source,
      point,
      backupId: undefined,
      // Without a source: only its own throw-away server is used.
      engine: createMariadbEngine({ host: "127.0.0.1", port: 3306, user: "nobody", password: new Secret("") }),
      identityFile: identity ? resolve(identity) : undefined,
      directory: isScratch ? join(home, "s") : to.slice("dir:".length),
      logDirectory: join(home, "log"),
      verify: { queries: [] },
    };
    const durationMs = await carryOut(ctx, recovery, isScratch);
    return isScratch
      ? { ...describeServer(recovery, durationMs), afterwards: () => serve(recovery, asked).finally(removeHome) }
      : { ...describeDirectory(recovery, durationMs), afterwards: removeHome };
  } catch (error) {
    await removeHome();
    throw error;
  }
}

/** Where the log and a throw-away server lie: short, since a socket lies below it, and where there is room. */
async function makeHome(): Promise<string> {
  const { home } = readEnvironment();
  await mkdir(home, { recursive: true, mode: 0o700 });
  return mkdtemp(join(home, "o-"));
}

async function carryOut(ctx: RecoveryCtx, recovery: Recovery, isScratch: boolean): Promise<number> {
  const begunMs = monotonicMs();
  const steps = [findPoint, fetchLog, loadData, replayLog, checkTables, findHeartbeat];
  try {
    for (const step of isScratch ? steps : [...steps, leaveDirectory]) {
      const outcome = await step(ctx, recovery);
      ctx.run.say(outcome.summary);
    }
    return Math.round(monotonicMs() - begunMs);
  } catch (error) {
    await removeServer(recovery);
    throw error;
  } finally {
    await recovery.engine.removeLog(recovery.logDirectory);
  }
}

/** Nothing half-done stays that looks whole, in a directory that a person named as little as elsewhere. */
async function removeServer({ server, engine, directory }: Recovery): Promise<void> {
  if (!server) return;
  await server.stop().catch(() => undefined); // It may have crashed; what is left of it goes now.
  await engine.removeScratch(directory);
}

async function serve(recovery: Recovery, asked: Promise<void>): Promise<void> {
  const server = known(recovery.server, "the server");
  await Promise.race([asked, server.exited()]);
  await removeServer(recovery);
}

function describeServer(recovery: Recovery, durationMs: number): Answer {
  const { optionFile } = known(recovery.server, "the server");
  return {
    json: { state: "succeeded", ...describeResult(recovery), durationMs },
    text: [
      ...describePlace(recovery),
      `  mariadb --defaults-file=${optionFile}`,
      "the server runs until this command ends (Ctrl-C); then it and its data are removed",
    ],
  };
}

function describeDirectory(recovery: Recovery, durationMs: number): Answer {
  const { directory, optionFile, serverFile } = known(recovery.server, "the server");
  return {
    json: { state: "succeeded", ...describeResult(recovery), durationMs },
    text: [
      ...describePlace(recovery),
      `its server is stopped, and the data lies in ${directory}/data; start it, and get in as root, with`,
      `  mariadbd --defaults-file=${serverFile}`,
      `  mariadb --defaults-file=${optionFile}`,
    ],
  };
}

function describePlace({ restoredTo, manifest }: Recovery): string[] {
  if (!restoredTo?.time) return [`restored to the full backup of ${manifest?.startedAt ?? "an unknown time"}`];
  const { time, gtid, next, resolutionMs } = restoredTo;
  const after = next ? `; the next would be ${next.gtid} of ${next.time}` : "; nothing follows in the log";
  return [`restored to ${time}, transaction ${gtid ?? "none"}, resolution ${formatDuration(resolutionMs)}${after}`];
}
