import { createHash } from "node:crypto";
import type { JobCtx } from "@/lib/db/context";
import type { FileLogChunk, FileLogEvent, FilesSource, FollowedLog } from "@/lib/engines/files/port";
import { RefusedError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { fillPath, loadConfiguration } from "@/lib/settings";
import { findFollowedLogs } from "./find-followed-logs";
import { keepPart } from "./keep-part";
import type { FileLogManifest } from "./manifest";
import {
  type TreeBackup,
  beginTreeBackup,
  commonFacts,
  newTreeBackup,
  noLongerDeclared,
  planTreeBackup,
} from "./tree-backup";

interface FileLogBackup extends TreeBackup {
  source: FilesSource;
  holdsSecrets: boolean;
  after: FileLogManifest | null;
  events: FileLogEvent[];
  followed: FollowedLog[];
  chunks: FileLogManifest["chunks"];
}

/**
 * The steps of a backup of the logs among files: the bytes that each got since the newest backup of them that every
 * repository holds. A run that finds nothing new is a backup all the same: it says so.
 */
export async function planFileLogBackup(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<FileLogBackup>> {
  const system = String(run.parameters.system);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  const wanted = declaration?.kind === "files" ? declaration.backup.log : undefined;
  if (declaration?.kind !== "files" || !wanted) throw noLongerDeclared(system, "log");
  const shared: FileLogBackup = {
    ...newTreeBackup(run, { system, to: wanted.to, recipients: configuration.keys.recipients }),
    source: {
      root: fillPath(declaration.path, configuration),
      include: wanted.include ?? declaration.include,
      exclude: declaration.exclude,
    },
    holdsSecrets: declaration.secrets,
    after: null,
    events: [],
    followed: [],
    chunks: [],
  };
  return planTreeBackup(shared, { owner: "files", look, store, manifest });
}

async function look(ctx: StepCtx, shared: FileLogBackup): Promise<StepOutcome> {
  if (shared.holdsSecrets && shared.recipients.length === 0) {
    throw new RefusedError(`"${shared.system}" holds secrets, and there is no recipient to encrypt them for`, {
      hint: "Declare keys.recipients in holdfast.yaml (age-keygen), and apply it.",
    });
  }
  await ctx.engines.files.inspect(shared.source, ctx.signal);
  return { summary: shared.source.root };
}

async function store(ctx: StepCtx, shared: FileLogBackup): Promise<StepOutcome> {
  const { log } = ctx.engines.files;
  shared.after = await findFollowedLogs(ctx, shared);
  await beginTreeBackup(ctx, shared, { type: "log", method: "append" });
  const scan = await log.scan(shared.source, shared.after?.followed ?? [], ctx.signal);
  Object.assign(shared, { events: scan.events, followed: [], chunks: [] });
  await keepPart(ctx, shared, { name: "logs", bytes: log.pack(readAll(ctx, shared, scan.logs)) });
  for (const { kind, path } of scan.events) {
    ctx.run.say(`${kind}: ${path}`, kind === "truncated" || kind === "vanished" ? "warning" : "info");
  }
  const bytes = shared.chunks.reduce((sum, { start, end }) => sum + end - start, 0);
  return { summary: `${formatBytes(bytes)} appended to ${scan.logs.length} logs`, logs: scan.logs.length, bytes };
}

/** What each log holds behind its offset, up to where it ended when it was read: one that grows faster is no endless run. */
async function* readAll(
  ctx: StepCtx,
  shared: FileLogBackup,
  logs: readonly FollowedLog[],
): AsyncGenerator<FileLogChunk> {
  const { log: reader } = ctx.engines.files;
  let done = 0;
  for (const log of logs) {
    let at = log;
    let largest = 0;
    for (;;) {
      const chunk = await reader.next(shared.source, at, ctx.signal);
      if (!chunk) break;
      shared.chunks.push(describeChunk(at, chunk));
      yield chunk;
      at = chunk.next;
      done += chunk.bytes.length;
      ctx.run.progress({ done, total: null, unit: "bytes" });
      // A shorter one than before was the last that was there.
      if (chunk.bytes.length < largest) break;
      largest = chunk.bytes.length;
    }
    shared.followed.push(at);
  }
}

function describeChunk({ id, path, offset, head, tail }: FollowedLog, chunk: FileLogChunk) {
  return {
    log: id,
    start: chunk.start,
    end: chunk.end,
    sha256: createHash("sha256").update(chunk.bytes).digest("hex"),
    before: { id, path, offset, head, tail },
  };
}

function manifest(ctx: JobCtx, shared: FileLogBackup): FileLogManifest {
  const { after, source, events, followed, chunks } = shared;
  return {
    ...commonFacts(ctx, shared),
    kind: "files",
    type: "log",
    method: "append",
    parent: null,
    after: after && { id: after.id, endedAt: after.endedAt },
    source: { root: source.root, include: [...source.include], exclude: [...source.exclude] },
    events,
    gone: goneSince(after?.followed ?? [], followed),
    followed,
    chunks,
    tools: { compression: "zstd", encryption: "age" },
  };
}

function goneSince(before: readonly FollowedLog[], now: readonly FollowedLog[]): string[] {
  return before.filter(({ id }) => !now.some((log) => log.id === id)).map(({ path }) => path);
}
