import { join } from "node:path";
import type { VerificationLevel } from "@/lib/backups/schemas";
import { PreconditionError } from "@/lib/kernel/errors";
import {
  type TreeRecovery,
  appendLogs,
  checkTree,
  findTree,
  known,
  openTreeRecovery,
  readTreeBack,
  unpackTree,
} from "@/lib/recovery";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { type SystemDeclaration, isBackedUp } from "@/lib/settings/schemas";
import type { Attempt, Check } from "./attempt";
import { compareWithLastRuns } from "./compare-with-last-runs";

/**
 * The checks of a level for files and code. `object`: every byte is read back. `restore`: unpacked into a place of its
 * own and compared with what was packed, entry by entry; of code, every ref. `replay`: the logs among the files as well.
 */
export function treeChecksOf(level: VerificationLevel, declaration: SystemDeclaration): Check[] {
  const minimumSize = isBackedUp(declaration) ? declaration.verify.minimumSize : undefined;
  const object = (ctx: StepCtx, tree: TreeRecovery) => readTreeBack(ctx, tree, { minimumSize });
  return [
    { key: "find", title: "Find the backup", owner: "repositories", perform: find },
    onTree("object", "Read every byte back and decrypt it", object),
    { key: "band", title: "Compare with the last runs", owner: "verification", perform: compareWithLastRuns },
    ...(level === "object"
      ? []
      : [
          onTree("load", "Unpack it beside the runner's data", unpackTree),
          onTree("compare", "Compare with what was packed", checkTree),
        ]),
    ...(level === "replay" ? [onTree("replay", "Bring the logs forward", appendKeptLogs)] : []),
  ];
}

function onTree(
  key: string,
  title: string,
  perform: (ctx: StepCtx, tree: TreeRecovery) => Promise<StepOutcome>,
): Check {
  return {
    key,
    title,
    owner: "files",
    perform: (ctx, attempt) => perform(ctx, known(attempt.tree, "the recovery")),
  };
}

async function find(ctx: StepCtx, attempt: Attempt): Promise<StepOutcome> {
  const { system, backup, from, runId } = attempt.request;
  const directory = join(ctx.engines.directories.scratch, `${runId.slice(-12)}.tree`);
  attempt.tree = await openTreeRecovery(ctx, {
    system,
    at: "latest",
    from: from ?? undefined,
    backup,
    directory,
    runId,
  });
  return findTree(ctx, attempt.tree);
}

/** Without any, nothing is proven of them. */
function appendKeptLogs(ctx: StepCtx, tree: TreeRecovery): Promise<StepOutcome> {
  if (tree.logs && tree.logs.length > 0) return appendLogs(ctx, tree);
  throw new PreconditionError(`no logs follow this backup in "${tree.source.repository}" yet`, {
    hint: "Take a log backup first, or verify at level restore.",
  });
}
