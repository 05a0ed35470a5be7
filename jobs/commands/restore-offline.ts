import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createAgeEnvelope } from "@/lib/engines/envelope/age/engine";
import { createMariadbEngine } from "@/lib/engines/database/mariadb/engine";
import { readVariable } from "@/lib/kernel/env";
import { PreconditionError, ValidationError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import { monotonicMs, systemNow } from "@/lib/kernel/time";
import {
  type Recovery,
  type RecoveryCtx,
  checkTables,
  describeResult,
  fetchLog,
  findHeartbeat,
  findPoint,
  loadData,
  parsePoint,
  replayLog,
} from "@/lib/recovery";
import { readIdentity } from "@/lib/repositories";
import { RepositoryDeclaration } from "@/lib/settings/schemas";
import { openStore } from "../open-engines";
import type { Answer } from "./answer";

interface OfflineOptions {
  system: string | undefined;
  repository?: string;
  identity?: string;
  to: string;
  at: string;
}

/** Restores with no console: the bucket and a private key are enough. */
export async function restoreOffline(options: OfflineOptions): Promise<Answer> {
  const { system, repository, identity } = options;
  if (!system || !repository) {
    throw new ValidationError([{ path: "offline", message: "needs --system NAME and --repository URL" }]);
  }
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const store = openStore(parseRepository(repository));
  const home = await mkdtemp(join(tmpdir(), "hf-"));
  const ctx = offlineCtx(interrupted.signal, home);
  const repositoryIdentity = await readIdentity(store, ctx.signal);
  if (!repositoryIdentity) {
    throw new PreconditionError(`${store.location} has no holdfast.json`, {
      hint: "Is it the right bucket and prefix?",
    });
  }
  const recovery: Recovery = {
    source: { system, repository: store.location, store, publicKeys: repositoryIdentity.publicKeys },
    point: parsePoint(options.at),
    backupId: undefined,
    engine: offlineEngine(),
    identityFile: identity ? resolve(identity) : undefined,
    directory: directoryOf(options.to, home),
    logDirectory: join(home, "log"),
    verify: { queries: [] },
  };
  return carryOut(ctx, recovery, home);
}

async function carryOut(ctx: RecoveryCtx, recovery: Recovery, home: string): Promise<Answer> {
  const begunMs = monotonicMs();
  try {
    for (const step of [findPoint, fetchLog, loadData, replayLog, checkTables, findHeartbeat]) {
      const outcome = await step(ctx, recovery);
      ctx.run.say(outcome.summary);
    }
  } catch (error) {
    await recovery.server?.stop();
    await recovery.engine.removeLog(recovery.logDirectory);
    await rm(home, { recursive: true, force: true });
    throw error;
  }
  const result = describeResult(recovery);
  const { server } = recovery;
  return {
    json: { state: "succeeded", ...result, durationMs: Math.round(monotonicMs() - begunMs) },
    text: [
      `restored to ${recovery.restoredTo?.time ?? recovery.manifest?.startedAt ?? "the full"}`,
      `  mariadb --socket=${server?.socket ?? ""}`,
      `  data directory ${server?.directory ?? ""}`,
    ],
  };
}

/** What the recovery uses of the engines; the rest of them belongs to a console. */
function offlineCtx(signal: AbortSignal, home: string): RecoveryCtx {
  const refuse = (): never => {
    throw new PreconditionError("an offline restore has no console", { hint: "Use the command without --offline." });
  };
  return {
    now: systemNow,
    signal,
    engines: {
      store: refuse,
      database: refuse,
      connection: refuse,
      envelope: createAgeEnvelope(),
      probe: { ask: refuse },
      signer: { publicPem: "", sign: refuse },
      directories: { spool: home, scratch: home },
      restoreScript: "",
    },
    run: {
      id: "offline",
      say: (message) => process.stderr.write(`${systemNow().toISOString().slice(11, 19)} ${message}\n`),
      progress: () => undefined,
    },
  };
}

/** An engine without a source: only its own throw-away server is used. */
function offlineEngine() {
  return createMariadbEngine({ host: "127.0.0.1", port: 3306, user: "nobody", password: new Secret("") });
}

function directoryOf(to: string, home: string): string {
  if (to === "scratch") return join(home, "s");
  if (to.startsWith("dir:/")) return to.slice("dir:".length);
  throw new ValidationError([{ path: "to", message: "offline, expected scratch or dir:PATH" }]);
}

/** `/path`, `file:///path` or `s3://BUCKET/PREFIX?endpoint=URL&region=R`. */
function parseRepository(text: string): RepositoryDeclaration {
  if (text.startsWith("/")) return RepositoryDeclaration.parse({ kind: "directory", path: text });
  const url = URL.parse(text);
  if (url?.protocol === "file:") return RepositoryDeclaration.parse({ kind: "directory", path: url.pathname });
  if (url?.protocol !== "s3:") {
    throw new ValidationError([
      { path: "repository", message: "expected /PATH or s3://BUCKET/PREFIX?endpoint=URL&region=R" },
    ]);
  }
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
    if (readVariable(name) === undefined) {
      throw new PreconditionError(`the environment variable ${name} is not set`, {
        hint: "Set the store's credentials in the environment.",
      });
    }
  }
  const endpoint = url.searchParams.get("endpoint");
  return RepositoryDeclaration.parse({
    kind: "s3",
    bucket: url.hostname,
    prefix: url.pathname.slice(1),
    region: url.searchParams.get("region") ?? "us-east-1",
    ...(endpoint ? { endpoint } : {}),
    accessKeyId: "${AWS_ACCESS_KEY_ID}",
    secretAccessKey: "${AWS_SECRET_ACCESS_KEY}",
  });
}
