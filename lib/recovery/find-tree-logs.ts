import type { AnyManifest, FileLogManifest } from "@/lib/backups";
import type { RecoveryCtx } from "./recovery";

export function isFileLog(manifest: AnyManifest): manifest is FileLogManifest {
  return manifest.kind === "files" && manifest.type === "log";
}

/**
 * The backups of logs that bring a tree forward: from one that goes on from before the tree was packed, each from the
 * one before it, to the newest before the point. Where one of them is not there, what follows it is left out, and said.
 * @param logs as the repository holds them, newest first
 */
export function findTreeLogs(
  ctx: Pick<RecoveryCtx, "run">,
  {
    tree,
    logs,
    until,
  }: { tree: { startedAt: string }; logs: readonly FileLogManifest[]; until: (log: FileLogManifest) => boolean },
): FileLogManifest[] {
  const later = logs.filter((log) => isLater(log, tree) && until(log));
  for (const [index, newest] of later.entries()) {
    const chain = chainOf(newest, later, tree);
    if (!chain) continue;
    if (index > 0) sayHole(ctx, chain.at(-1));
    return chain;
  }
  if (later.length > 0) sayHole(ctx, undefined);
  return [];
}

function sayHole(ctx: Pick<RecoveryCtx, "run">, reached: FileLogManifest | undefined): void {
  const end = reached ? `end at ${reached.startedAt}` : "do not follow this backup";
  ctx.run.say(`the logs ${end}: one of those behind it is not there, and what goes on from it is left out`, "warning");
}

function chainOf(
  newest: FileLogManifest,
  later: readonly FileLogManifest[],
  tree: { startedAt: string },
): FileLogManifest[] | null {
  const chain = [newest];
  for (let first = newest; first.after !== null && isLater(first.after, tree);) {
    const { id } = first.after;
    const before = later.find((log) => log.id === id);
    if (!before || chain.includes(before)) return null;
    chain.unshift(before);
    first = before;
  }
  return chain;
}

/** One that ended while the tree was packed may hold more of a log than the tree: it belongs to what follows. */
function isLater(log: { endedAt: string }, tree: { startedAt: string }): boolean {
  return Date.parse(log.endedAt) > Date.parse(tree.startedAt);
}

export function describeLogs(logs: readonly FileLogManifest[]): string {
  const newest = logs.at(-1);
  return newest ? `, then its logs to ${newest.startedAt}` : "";
}
