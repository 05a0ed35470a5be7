import type { JobCtx } from "@/lib/db/context";
import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { type Check, SHARE_BYTES, assertAllAnswered, beginCheck, requirePlace } from "./check";
import { checkListed } from "./check-listed";
import { checkUnlisted } from "./check-unlisted";
import { EXPECTED_COPIES } from "./copy-place";
import { openPlace } from "./open-place";
import { planReadBack } from "./read-back-plan";
import { recordExamination } from "./record-examination";
import { tryLock } from "./try-lock";

/** The steps of a check. All may be repeated: what a runner that died had looked at is not looked at again. */
export async function planCheck(_: JobCtx, run: ClaimedRun): Promise<RunPlan<Check>> {
  if (run.parameters.read === "fresh") return Promise.resolve(planReadBack(run));
  const step = { repeatable: true, ephemeral: true, owner: "repositories" };
  return Promise.resolve({
    shared: beginCheck(run),
    steps: [
      { ...step, key: "open", title: "Open the repository and compare its identity", perform: open },
      { ...step, key: "lock", title: "Try to delete what is locked", perform: tryLock },
      { ...step, key: "listed", title: "Compare what lies there with the catalogue", perform: checkListed },
      { ...step, key: "unlisted", title: "Ask for what was not listed", perform: checkUnlisted },
      { ...step, key: "record", title: "Record what was found", perform: record },
    ],
    result: ({ result = {} }) => result,
  });
}

async function open(ctx: StepCtx, check: Check): Promise<StepOutcome> {
  const opened = (check.place = await openPlace(ctx, check.repository, check.run.id));
  const [copies, logs] = await Promise.all([
    ctx.db.backupCopy.aggregate({
      where: {
        repositoryId: opened.id,
        state: { in: [...EXPECTED_COPIES] },
        backup: { state: { in: ["complete", "incomplete"] } },
      },
      _count: true,
      _sum: { sizeBytes: true },
    }),
    ctx.db.logCoverage.aggregate({
      where: { repositoryId: opened.id, expiredAt: null },
      _count: true,
      _sum: { storedBytes: true },
    }),
  ]);
  check.total = copies._count + logs._count;
  const bytes = Number(copies._sum.sizeBytes ?? 0) + Number(logs._sum.storedBytes ?? 0);
  check.share = check.read === "all" || bytes <= SHARE_BYTES ? 1 : SHARE_BYTES / bytes;
  const share = check.share >= 1 ? "all stored bytes are read" : `a random ${formatBytes(SHARE_BYTES)} or so are read`;
  return {
    summary: `${formatCountOf(copies._count, "copy").replace("copys", "copies")}, ${formatCountOf(logs._count, "log file")}; ${share}`,
  };
}

/** @throws EngineError when something could not be asked: a check that saw half of it is no check */
async function record(ctx: StepCtx, check: Check): Promise<StepOutcome> {
  assertAllAnswered(check);
  const holdings = await recordExamination(ctx, requirePlace(check), check);
  check.result = { repository: check.repository, ...holdings, readBytes: check.readBytes };
  const { backups, logs, orphans } = holdings;
  const lost = backups.missing + backups.damaged + logs.missing + logs.damaged;
  return {
    summary: `${lost === 0 ? "nothing is missing or damaged" : `${lost} missing or damaged`}; ${formatBytes(check.readBytes)} read, ${formatCountOf(orphans, "orphan")}`,
  };
}
