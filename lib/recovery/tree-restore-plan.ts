import { fingerprintSecrets } from "@/lib/backups";
import { NotFoundError, HoldfastError } from "@/lib/kernel/errors";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { fillPath, loadConfiguration } from "@/lib/settings";
import type { SystemDeclaration } from "@/lib/settings/schemas";
import { openSource } from "./open-source";
import { parsePoint } from "./point";
import { known } from "./recovery";
import {
  type TreeRecovery,
  checkTree,
  describeTreeResult,
  dropTree,
  findTree,
  settleTree,
  unpackTree,
} from "./tree-recovery";

interface TreeRestore {
  recovery?: TreeRecovery;
  secrets?: "same" | "different" | "unknown";
}

type Perform = (ctx: StepCtx, recovery: TreeRecovery) => Promise<StepOutcome>;

/** The steps of a restore of files or code. What is unpacked stands at its place only when all of it was compared. */
export function planTreeRestore(run: ClaimedRun, declaration: SystemDeclaration): RunPlan<TreeRestore> {
  const on = (perform: Perform) => (ctx: StepCtx, shared: TreeRestore) =>
    perform(ctx, known(shared.recovery, "the recovery"));
  const step = { repeatable: true, ephemeral: true, owner: declaration.kind };
  const stored = { ...step, owner: "repositories" };
  return {
    shared: {},
    steps: [
      {
        ...stored,
        key: "find",
        title: "Find the backup and what it continues",
        perform: async (ctx, shared) => {
          shared.recovery = await openTreeRecovery(ctx, run, declaration);
          return findTree(ctx, shared.recovery);
        },
      },
      { ...step, key: "load", title: "Unpack", perform: on(unpackTree) },
      { ...step, key: "check", title: "Compare with what was packed", perform: on(checkTree) },
      {
        ...step,
        key: "secrets",
        title: "Compare the secrets with those in use",
        perform: (ctx, shared) => compareSecrets(ctx, shared, declaration),
      },
      { ...step, key: "hand-over", title: "Put it in its place", settling: true, perform: on(settleTree) },
    ],
    cleanUp: async (ctx, { recovery }) => {
      if (recovery) await dropTree(ctx, recovery);
    },
    letGo: async (ctx, { recovery }) => {
      if (recovery) await dropTree(ctx, recovery);
    },
    result: ({ recovery, secrets }) => ({
      ...(recovery ? describeTreeResult(recovery) : {}),
      ...(secrets ? { secrets } : {}),
    }),
  };
}

async function openTreeRecovery(ctx: StepCtx, run: ClaimedRun, declaration: SystemDeclaration): Promise<TreeRecovery> {
  const { system, to, at, from } = run.parameters as { system: string; to: string; at: string; from?: string };
  if (declaration.kind === "service") throw new NotFoundError("system", system);
  const { configuration } = await loadConfiguration(ctx);
  const candidates = from ? [from] : (declaration.backup.full?.to ?? []);
  return {
    source: await openSource(ctx, { system, candidates }),
    point: parsePoint(at),
    identityFile: configuration.keys.identityFile,
    directory: to.slice("dir:".length),
    key: run.id.slice(-12),
  };
}

/** A backup beside other secrets may be no good: whoever restores it has to know. */
async function compareSecrets(ctx: StepCtx, shared: TreeRestore, declaration: SystemDeclaration): Promise<StepOutcome> {
  const manifest = known(known(shared.recovery, "the recovery").chain?.at(-1), "the manifest");
  if (manifest.kind !== "files" || manifest.secretsFingerprint === null) return { summary: "it holds none" };
  shared.secrets = await judgeSecrets(ctx, manifest.secretsFingerprint, declaration);
  if (shared.secrets === "same") return { summary: "the same as those in use" };
  const why = shared.secrets === "different" ? "are others than those in use" : "cannot be compared with any in use";
  ctx.run.say(`the secrets of this backup ${why}: what was encrypted with them opens with them alone`, "warning");
  return { summary: `its secrets ${why}`, secrets: shared.secrets };
}

async function judgeSecrets(
  ctx: StepCtx,
  fingerprint: string,
  declaration: SystemDeclaration,
): Promise<NonNullable<TreeRestore["secrets"]>> {
  if (declaration.kind !== "files") return "unknown";
  const { configuration } = await loadConfiguration(ctx);
  const { include, exclude } = declaration;
  try {
    const inUse = await fingerprintSecrets(ctx, { root: fillPath(declaration.path, configuration), include, exclude });
    return inUse === fingerprint ? "same" : "different";
  } catch (error) {
    if (!(error instanceof HoldfastError) || ctx.signal.aborted) throw error;
    ctx.run.say(`${error.message}. ${error.hint ?? ""}`, "warning");
    return "unknown";
  }
}
