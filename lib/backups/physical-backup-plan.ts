import type { JobCtx } from "@/lib/db/context";
import type { PhysicalEngine, PhysicalFacts } from "@/lib/engines/database/port";
import { PreconditionError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { backupEnd } from "./backup-end";
import { beginBackup } from "./begin-backup";
import { cutOf } from "./cut-of";
import type { FullBackup } from "./full-backup";
import { requireBackup } from "./keep-part";
import { incarnationOf, look, settleIncarnation } from "./full-backup-plan";
import type { PhysicalManifest } from "./manifest";
import { openRepositories } from "./open-repositories";
import { findParent } from "./physical-chain";
import { publishBackup } from "./publish-backup";
import { readExpectedBytes } from "./read-expected-bytes";
import { storeStream } from "./store-dump";

/** A backup of a server's files under way. */
interface FilesBackup extends FullBackup {
  type: "full" | "incremental";
  physical: PhysicalEngine;
  /** That an increment continues. */
  parent?: PhysicalManifest;
  copied?: PhysicalFacts;
}

/** The steps of a backup of a server's files: all of them, or what changed since the backup before. Accounts are in the files. */
export async function planPhysicalBackup(
  ctx: JobCtx,
  run: ClaimedRun,
  type: "full" | "incremental",
): Promise<RunPlan<FilesBackup>> {
  const system = String(run.parameters.system);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isDatabase(declaration) || declaration.backup.full?.method !== "physical" || !run.systemId) {
    throw new PreconditionError(`system "${system}" declares no physical backup any more`, {
      hint: "Was holdfast.yaml changed after the run was started?",
    });
  }
  const engine = await ctx.engines.database(system);
  if (!engine.physical) {
    throw new PreconditionError(`the database of "${system}" knows no backups of its files`, {
      hint: "Choose the method `logical` in holdfast.yaml.",
    });
  }
  const shared: FilesBackup = {
    type,
    physical: engine.physical,
    run,
    systemId: run.systemId,
    system,
    declaration,
    recipients: configuration.keys.recipients,
    engine,
    repositories: [],
    hazards: [],
    parts: [],
    failures: new Map(),
  };
  return { shared, ...stepsOf(type), ...endOf(run, system) };
}

function stepsOf(type: FilesBackup["type"]): Pick<RunPlan<FilesBackup>, "steps"> {
  const step = { repeatable: true, ephemeral: true, owner: "mariadb" };
  const stored = { ...step, owner: "repositories" };
  return {
    steps: [
      {
        ...step,
        key: "look",
        title: "Look at the server, its files and its hazards",
        perform: (ctx, shared) => look(ctx, shared, shared.physical.findHazards(ctx.signal)),
      },
      {
        ...stored,
        key: "open",
        title: type === "full" ? "Open the repositories" : "Open the repositories and find the backup before",
        perform: open,
      },
      { ...step, key: "data", title: "Copy, pack, encrypt and store the files", perform: storeFiles },
      { ...stored, key: "publish", title: "Sign the manifest and check the copies", perform: publish },
    ],
  };
}

function endOf(run: ClaimedRun, system: string): Pick<RunPlan<FilesBackup>, "cleanUp" | "result"> {
  const end = backupEnd<FilesBackup>(run, system);
  return { ...end, result: (done) => ({ ...end.result(done), ...(done.parent ? { parent: done.parent.id } : {}) }) };
}

async function open(ctx: StepCtx, shared: FilesBackup): Promise<StepOutcome> {
  const outcome = await openRepositories(ctx, shared, shared.declaration.backup[shared.type]?.to ?? []);
  shared.incarnation = await incarnationOf(ctx, shared);
  if (shared.type === "full") return outcome;
  const parent = await findParent(ctx, {
    systemId: shared.systemId,
    repositoryIds: shared.repositories.map(({ id }) => id),
  });
  if (!parent) {
    throw new PreconditionError("no backup of the server's files is whole in every repository of the increment", {
      hint: "Take a full backup first, to these repositories: an increment continues one.",
    });
  }
  shared.parent = parent;
  return { summary: `${outcome.summary}; goes on from the ${parent.type} of ${parent.startedAt}` };
}

async function storeFiles(ctx: StepCtx, shared: FilesBackup): Promise<StepOutcome> {
  const { parent, type } = shared;
  shared.backup = await beginBackup(ctx, {
    systemId: shared.systemId,
    runId: shared.run.id,
    type,
    method: "physical",
    ...(parent ? { parentId: parent.id } : {}),
    cutId: cutOf(shared.run),
    repositories: shared.repositories,
    failures: shared.failures,
  });
  shared.parts = [];
  // Settings and schemas are asked anew right before: they belong to what is copied now.
  shared.facts = await shared.engine.inspect(ctx.signal);
  const total = await readExpectedBytes(ctx, { systemId: shared.systemId, type, method: "physical" });
  const backup = shared.physical.backup(
    { parent: parent?.files ?? null },
    {
      signal: ctx.signal,
      onProgress: (done) => ctx.run.progress({ done, total, unit: "bytes", isTotalExpected: true }),
    },
  );
  const { part, facts } = await storeStream(ctx, shared, {
    name: "data",
    file: "data.xb",
    output: backup.output,
    piped: () => backup.piped(),
    done: backup.done,
  });
  shared.copied = facts;
  return {
    summary: `LSN ${facts.lsn.from} to ${facts.lsn.to}, ${formatBytes(part.plain.sizeBytes)} stored as ${formatBytes(part.sealed.sizeBytes)}`,
    position: facts.position,
  };
}

async function publish(ctx: StepCtx, shared: FilesBackup): Promise<StepOutcome> {
  await settleIncarnation(ctx, shared);
  const manifest = manifestOf(ctx, shared);
  shared.state = await publishBackup(ctx, manifest, shared);
  return { summary: `complete in ${shared.repositories.map(({ name }) => name).join(" and ")}`, backupId: manifest.id };
}

function manifestOf(ctx: StepCtx, shared: FilesBackup): PhysicalManifest {
  const { copied, facts, parent } = shared;
  const backup = requireBackup(shared);
  if (!copied || !facts) throw new Error("nothing was copied");
  const { lsn, lineage, toolVersion, position } = copied;
  return {
    format: 1,
    id: backup.id,
    cut: cutOf(shared.run),
    system: shared.system,
    kind: "mariadb",
    method: "physical",
    ...(parent ? { type: "incremental", parent: parent.id } : { type: "full", parent: null }),
    startedAt: backup.startedAt.toISOString(),
    endedAt: ctx.now().toISOString(),
    server: {
      id: facts.serverId,
      incarnation: shared.incarnation ?? "none",
      version: facts.version,
      settings: facts.settings,
    },
    tools: { "mariadb-backup": toolVersion, compression: "zstd", encryption: "age" },
    // The data is as it was at the end of the copy.
    position,
    endPosition: position,
    schemas: facts.schemas,
    tables: [],
    hazards: shared.hazards,
    secrets: shared.secrets ?? null,
    parts: shared.parts,
    files: { lsn, lineage, toolVersion },
  };
}
