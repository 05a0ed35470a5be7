import type { FileLogManifest, ManifestPart } from "@/lib/backups";
import type { FileLogRestore } from "@/lib/engines/files/port";
import { DamagedError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { StepOutcome } from "@/lib/runs";
import { openPart } from "./open-part";
import { type RecoveryCtx, known } from "./recovery";
import type { TreeManifest, TreeRecovery } from "./tree-recovery";

/** Unpacks the chain beside the target. */
export async function unpackTree(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  const { files, code } = ctx.engines;
  const chain = known(recovery.chain, "the chain");
  const place = await files.prepareTarget(recovery.directory, recovery.key);
  recovery.place = place;
  const total = chain.reduce((sum, manifest) => sum + archiveOf(manifest).sealed.sizeBytes, 0);
  let before = 0;
  for (const manifest of chain) {
    const part = archiveOf(manifest);
    const onProgress = (done: number) => ctx.run.progress({ done: before + done, total, unit: "bytes" });
    if (manifest.kind === "git") {
      const facts = { refs: manifest.refs, head: manifest.head, tool: manifest.tools.git ?? "" };
      await openPart(ctx, recovery, {
        part,
        onProgress,
        consume: (plain) => code.restore(place, plain, { facts, signal: ctx.signal }),
      });
    } else {
      await openPart(ctx, recovery, {
        part,
        onProgress,
        consume: (plain) => files.extract(place, plain, { signal: ctx.signal }),
      });
    }
    before += part.sealed.sizeBytes;
  }
  return { summary: `${chain.length} archives unpacked` };
}

function archiveOf(manifest: TreeManifest): ManifestPart {
  return partOf(manifest, manifest.kind === "git" ? "bundle" : "files");
}

function partOf(manifest: { id: string; parts: ManifestPart[] }, name: ManifestPart["name"]): ManifestPart {
  const part = manifest.parts.find((each) => each.name === name);
  if (part) return part;
  throw new DamagedError(`backup "${manifest.id}" has no part "${name}"`, {
    hint: "Restore from the other repository.",
  });
}

/** Compares every entry with what was packed. @throws DamagedError where one that was settled differs */
export async function checkTree(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  const [place, manifest] = [known(recovery.place, "the place"), known(recovery.chain?.at(-1), "the manifest")];
  if (manifest.kind === "git") return { summary: `${manifest.refs.length} refs, each as it was` };
  await openPart(ctx, recovery, {
    part: partOf(manifest, "listing"),
    consume: async (plain) => {
      recovery.comparison = await ctx.engines.files.compare(place, plain, {
        include: manifest.source.include,
        signal: ctx.signal,
      });
    },
  });
  const { compared, unsettled, digest, differences, ownersCompared } = known(recovery.comparison, "the comparison");
  const [first] = differences.first;
  if (first || digest !== manifest.digest) {
    const what = first ? `${first.path} (${[first.kind, ...first.facts].join(" ")})` : "the listing's digest";
    throw new DamagedError(`${Math.max(1, differences.count)} entries came back otherwise than they were: ${what}`, {
      hint: "Restore from the other repository, or an older backup; what was unpacked was removed.",
    });
  }
  if (!ownersCompared) ctx.run.say("owners are not compared: only root may give files away", "warning");
  const changing = unsettled > 0 ? `; ${unsettled} were changing when they were packed` : "";
  return { summary: `${compared} entries, each as it was${changing}`, compared, unsettled };
}

/** Brings the logs among the files forward to the newest backup of them before the point, after the tree was compared. */
export async function appendLogs(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  const logs = known(recovery.logs, "the logs");
  const newest = logs.at(-1);
  if (!newest) return { summary: "none were kept since" };
  const restore = await ctx.engines.files.log.restore(known(recovery.place, "the place"), {
    logs: newest.followed,
    known: logs.flatMap(({ followed, chunks }) => [...followed, ...chunks.map(({ before }) => before)]),
    signal: ctx.signal,
  });
  for (const [index, manifest] of logs.entries()) {
    await addLogs(ctx, recovery, { restore, manifest });
    ctx.run.progress({ done: index + 1, total: logs.length, unit: "files" });
  }
  const { logs: count, bytes } = await restore.settle();
  return {
    summary: `${count} logs as of ${newest.startedAt}, ${formatBytes(bytes)}, first and last bytes as they were`,
    logs: count,
    bytes,
  };
}

/** An archive whose digest does not fit is damaged, whatever its chunks look like. */
function addLogs(
  ctx: RecoveryCtx,
  recovery: TreeRecovery,
  { restore, manifest }: { restore: FileLogRestore; manifest: FileLogManifest },
): Promise<void> {
  return openPart(ctx, recovery, { part: partOf(manifest, "logs"), consume: (plain) => restore.add(plain) });
}

/** Puts the whole in its place. */
export async function settleTree(ctx: RecoveryCtx, recovery: TreeRecovery): Promise<StepOutcome> {
  await ctx.engines.files.settleTarget(known(recovery.place, "the place"), recovery.directory);
  recovery.isSettled = true;
  return { summary: `it lies in ${recovery.directory}` };
}

/** Removes what an attempt that did not end left beside the target. */
export async function dropTree(ctx: RecoveryCtx, { place, isSettled }: TreeRecovery): Promise<void> {
  if (place && !isSettled) await ctx.engines.files.dropTarget(place);
}
