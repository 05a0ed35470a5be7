import type { JobCtx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { backupEnd } from "./backup-end";
import { beginBackup } from "./begin-backup";
import { cutOf } from "./cut-of";
import type { AnyManifest, ManifestPart } from "./manifest";
import { type BackupTargets, openRepositories } from "./open-repositories";
import { publishBackup } from "./publish-backup";
import { requireBackup } from "./keep-part";
import type { BackupType } from "./schemas";

/** One backup of files or code under way: what its steps hand to each other. */
export interface TreeBackup extends BackupTargets {
  run: ClaimedRun;
  systemId: string;
  system: string;
  to: string[];
  recipients: string[];
  parts: ManifestPart[];
  backup?: { id: string; startedAt: Date };
  state?: "complete" | "incomplete";
}

export function newTreeBackup(
  run: ClaimedRun,
  declared: { system: string; to: string[]; recipients: string[] },
): TreeBackup {
  if (!run.systemId) throw noLongerDeclared(declared.system, "full");
  return { ...declared, run, systemId: run.systemId, repositories: [], failures: new Map(), parts: [] };
}

export function noLongerDeclared(system: string, type: string): PreconditionError {
  return new PreconditionError(`system "${system}" declares no ${type} backup any more`, {
    hint: "Was holdfast.yaml changed after the run was started?",
  });
}

/** The steps that every such backup has, around those that look at the source and pack it. */
export function planTreeBackup<Shared extends TreeBackup>(
  shared: Shared,
  own: {
    owner: string;
    look(ctx: StepCtx, shared: Shared): Promise<StepOutcome>;
    /** After the repositories are open: begins the backup and stores its parts. */
    store(ctx: StepCtx, shared: Shared): Promise<StepOutcome>;
    manifest(ctx: JobCtx, shared: Shared): AnyManifest;
  },
): RunPlan<Shared> {
  const step = { repeatable: true, ephemeral: true, owner: own.owner };
  const stored = { ...step, owner: "repositories" };
  return {
    shared,
    steps: [
      { ...step, key: "look", title: "Look at the source", perform: own.look },
      {
        ...stored,
        key: "open",
        title: "Open the repositories",
        perform: (ctx) => openRepositories(ctx, shared, shared.to),
      },
      { ...step, key: "data", title: "Pack, encrypt and store", perform: own.store },
      {
        ...stored,
        key: "publish",
        title: "Sign the manifest and check the copies",
        perform: async (ctx) => {
          const manifest = own.manifest(ctx, shared);
          shared.state = await publishBackup(ctx, manifest, shared);
          const names = shared.repositories.map(({ name }) => name);
          return { summary: `complete in ${names.join(" and ")}`, backupId: manifest.id };
        },
      },
    ],
    ...backupEnd(shared.run, shared.system),
  };
}

/** Writes the backup's row; the parts of an attempt that did not end are another backup's. */
export async function beginTreeBackup(
  ctx: StepCtx,
  shared: TreeBackup,
  of: { type: BackupType; method: string; parentId?: string },
): Promise<void> {
  const { systemId, run, repositories, failures } = shared;
  shared.backup = await beginBackup(ctx, {
    systemId,
    runId: run.id,
    ...of,
    cutId: cutOf(run),
    repositories,
    failures,
  });
  shared.parts = [];
}

/** What every manifest of such a backup says first. */
export function commonFacts(ctx: JobCtx, shared: TreeBackup) {
  const { id, startedAt } = requireBackup(shared);
  return {
    format: 1 as const,
    id,
    cut: cutOf(shared.run),
    system: shared.system,
    startedAt: startedAt.toISOString(),
    endedAt: ctx.now().toISOString(),
    parts: shared.parts,
  };
}
