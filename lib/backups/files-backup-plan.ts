import type { JobCtx } from "@/lib/db/context";
import type { FilesBase, FilesFacts, FilesSource } from "@/lib/engines/files/port";
import { PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { fillPath, loadConfiguration } from "@/lib/settings";
import { findFilesParent } from "./find-files-parent";
import { fingerprintSecrets } from "./fingerprint-secrets";
import type { FilesManifest, SecretsInUse } from "./manifest";
import { readExpectedBytes } from "./read-expected-bytes";
import { readPart } from "./read-part";
import {
  type TreeBackup,
  beginTreeBackup,
  commonFacts,
  newTreeBackup,
  noLongerDeclared,
  planTreeBackup,
} from "./tree-backup";
import { keepPart } from "./keep-part";
import { secretsOf } from "./secrets-of";

interface FilesBackup extends TreeBackup {
  type: "full" | "incremental";
  source: FilesSource;
  holdsSecrets: boolean;
  identityFile: string | undefined;
  parent?: FilesManifest;
  facts?: FilesFacts;
  secretsFingerprint: string | null;
  secrets?: SecretsInUse | null;
}

/** The steps of a backup of files: the whole tree, or what changed since the newest backup that every repository holds. */
export async function planFilesBackup(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<FilesBackup>> {
  const system = String(run.parameters.system);
  const type = run.parameters.type === "incremental" ? "incremental" : "full";
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  const wanted = declaration?.kind === "files" ? declaration.backup[type] : undefined;
  if (declaration?.kind !== "files" || !wanted) throw noLongerDeclared(system, type);
  const { recipients, identityFile } = configuration.keys;
  const shared: FilesBackup = {
    ...newTreeBackup(run, { system, to: wanted.to, recipients }),
    type,
    source: {
      root: fillPath(declaration.path, configuration),
      include: declaration.include,
      exclude: declaration.exclude,
    },
    holdsSecrets: declaration.secrets,
    identityFile,
    secretsFingerprint: null,
  };
  return planTreeBackup(shared, { owner: "files", look, store, manifest });
}

async function look(ctx: StepCtx, shared: FilesBackup): Promise<StepOutcome> {
  if (shared.holdsSecrets && shared.recipients.length === 0) {
    throw new RefusedError(`"${shared.system}" holds secrets, and there is no recipient to encrypt them for`, {
      hint: "Declare keys.recipients in holdfast.yaml (age-keygen), and apply it.",
    });
  }
  const { tool } = await ctx.engines.files.inspect(shared.source, ctx.signal);
  return { summary: `${shared.source.root}, ${tool}` };
}

async function store(ctx: StepCtx, shared: FilesBackup): Promise<StepOutcome> {
  if (shared.type === "incremental") shared.parent = await findFilesParent(ctx, shared);
  const { parent } = shared;
  await beginTreeBackup(ctx, shared, {
    type: shared.type,
    method: "tar",
    ...(parent ? { parentId: parent.id } : {}),
  });
  shared.secretsFingerprint = shared.holdsSecrets ? await fingerprintSecrets(ctx, shared.source) : null;
  shared.secrets = await secretsOf(ctx, shared.system);
  const base = parent ? await openBase(ctx, shared, parent) : undefined;
  const total = await readExpectedBytes(ctx, { systemId: shared.systemId, type: shared.type, method: "tar" });
  const archive = ctx.engines.files.archive(shared.source, {
    base: base?.streams,
    signal: ctx.signal,
    onProgress: (done) => ctx.run.progress({ done, total, unit: "bytes", isTotalExpected: true }),
  });
  try {
    const [stored, packed] = await Promise.allSettled([
      keepPart(ctx, shared, { name: "files", bytes: archive.piped() }),
      archive.done,
    ]);
    if (stored.status === "rejected") throw stored.reason;
    if (packed.status === "rejected") throw packed.reason;
    await base?.done;
    shared.facts = packed.value;
    await keepPart(ctx, shared, { name: "snapshot", bytes: archive.snapshot() });
    await keepPart(ctx, shared, { name: "listing", bytes: archive.listing() });
    sayLosses(ctx, packed.value);
    return { summary: describe(packed.value, stored.value.sealed.sizeBytes) };
  } finally {
    await archive.close();
  }
}

/** The snapshot and the listing of the backup before, from the first repository: their digests are checked with `done`. */
async function openBase(
  ctx: StepCtx,
  shared: FilesBackup,
  parent: FilesManifest,
): Promise<{ streams: FilesBase; done: Promise<unknown> }> {
  const [repository] = shared.repositories.filter(({ name }) => !shared.failures.has(name));
  const open = (name: "snapshot" | "listing") => {
    const part = parent.parts.find((each) => each.name === name);
    if (!repository || !part) {
      throw new PreconditionError(`backup "${parent.id}" has no ${name} to go on from`, {
        hint: "Take a full backup.",
      });
    }
    return readPart(ctx, { store: repository.store, part, identityFile: shared.identityFile });
  };
  const [snapshot, listing] = [open("snapshot"), open("listing")];
  const done = Promise.all([snapshot.done, listing.done]);
  done.catch(() => undefined);
  return Promise.resolve({ streams: { snapshot: snapshot.output, listing: listing.output }, done });
}

function sayLosses(ctx: StepCtx, { unsettled, leftOut, remarks }: FilesFacts): void {
  if (unsettled.count > 0) {
    const some = unsettled.named.slice(0, 3).join(", ");
    ctx.run.say(`${unsettled.count} entries were changing while they were read: ${some}`, "warning");
  }
  if (leftOut.count > 0) ctx.run.say(`${leftOut.count} sockets are left out`, "warning");
  for (const remark of remarks.named) ctx.run.say(remark, "warning");
}

function describe({ files, directories, bytes, unsettled }: FilesFacts, sealedBytes: number): string {
  const changing = unsettled.count > 0 ? `, ${unsettled.count} were changing` : "";
  return `${files} files in ${directories} directories, ${formatBytes(bytes)}${changing}, stored as ${formatBytes(sealedBytes)}`;
}

function manifest(ctx: JobCtx, shared: FilesBackup): FilesManifest {
  const { facts, parent, source, type, secretsFingerprint } = shared;
  if (!facts) throw new Error("nothing was packed");
  const { files, directories, symlinks, others, bytes, digest, unsettled, leftOut, remarks, tool } = facts;
  return {
    ...commonFacts(ctx, shared),
    kind: "files",
    type,
    method: "tar",
    parent: parent?.id ?? null,
    source: { root: source.root, include: [...source.include], exclude: [...source.exclude] },
    counts: { files, directories, symlinks, others, bytes },
    digest,
    unsettled,
    leftOut,
    remarks,
    secretsFingerprint,
    secrets: shared.secrets ?? null,
    tools: { tar: tool, compression: "zstd", encryption: "age" },
  };
}
