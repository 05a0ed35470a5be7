import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { type SystemDeclaration, hasLog } from "@/lib/settings/schemas";
import { type SecretsVerdict, compareSecrets } from "./compare-secrets";
import { openTreeRecovery } from "./open-tree-recovery";
import { known } from "./recovery";
import { type TreeRecovery, describeTreeResult, findTree } from "./tree-recovery";
import { appendLogs, checkTree, dropTree, settleTree, unpackTree } from "./unpack-tree";

interface TreeRestore {
  recovery?: TreeRecovery;
  secrets?: SecretsVerdict;
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
          const { system, to, at, from } = run.parameters as { system: string; to: string; at: string; from?: string };
          const directory = to.slice("dir:".length);
          shared.recovery = await openTreeRecovery(ctx, { system, at, from, directory, runId: run.id });
          return findTree(ctx, shared.recovery);
        },
      },
      { ...step, key: "load", title: "Unpack", perform: on(unpackTree) },
      { ...step, key: "check", title: "Compare with what was packed", perform: on(checkTree) },
      ...(hasLog(declaration)
        ? [{ ...step, key: "logs", title: "Bring the logs forward", perform: on(appendLogs) }]
        : []),
      {
        ...step,
        key: "secrets",
        title: "Compare the secrets with those in use",
        perform: judgeSecrets,
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

async function judgeSecrets(ctx: StepCtx, shared: TreeRestore): Promise<StepOutcome> {
  const secrets = await compareSecrets(
    ctx,
    known(known(shared.recovery, "the recovery").chain?.at(-1), "the manifest"),
  );
  if (secrets === null) return { summary: "none belong to it" };
  shared.secrets = secrets;
  return { summary: WORDS[secrets], secrets };
}

const WORDS: Record<SecretsVerdict, string> = {
  same: "the same as those in use",
  different: "its secrets are others than those in use",
  unknown: "its secrets cannot be compared with any in use",
};
