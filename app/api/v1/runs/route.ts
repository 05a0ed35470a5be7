import { guarded, readBody, route } from "@/app/_server/route";
import { startBackup, startCut } from "@/lib/backups";
import type { StartBackupInput, StartCutInput } from "@/lib/backups/schemas";
import { startCheck, startRepair } from "@/lib/copies";
import type { StartCheckInput, StartRepairInput } from "@/lib/copies/schemas";
import { ValidationError } from "@/lib/kernel/errors";
import { startRestore } from "@/lib/recovery";
import type { StartRestoreInput } from "@/lib/recovery/schemas";
import { startRunbook } from "@/lib/runbooks";
import type { StartRunbookInput } from "@/lib/runbooks/schemas";
import { applyRetention } from "@/lib/retention";
import type { ApplyRetentionInput } from "@/lib/retention/schemas";
import { listRuns } from "@/lib/runs";
import { RUN_KINDS, type ListRunsInput, type RunKind, type StartedRun } from "@/lib/runs/schemas";
import { startVerification } from "@/lib/verification";
import type { StartVerificationInput } from "@/lib/verification/schemas";

type Ctx = Parameters<typeof startBackup>[0];

const START: Record<RunKind, (ctx: Ctx, input: unknown) => Promise<StartedRun>> = {
  backup: (ctx, input) => startBackup(ctx, input as StartBackupInput),
  cut: (ctx, input) => startCut(ctx, input as StartCutInput),
  restore: (ctx, input) => startRestore(ctx, input as StartRestoreInput),
  verification: (ctx, input) => startVerification(ctx, input as StartVerificationInput),
  check: (ctx, input) => startCheck(ctx, input as StartCheckInput),
  repair: (ctx, input) => startRepair(ctx, input as StartRepairInput),
  retention: (ctx, input) => applyRetention(ctx, input as ApplyRetentionInput),
  runbook: (ctx, input) => startRunbook(ctx, input as StartRunbookInput),
};

const isKind = (kind: unknown): kind is RunKind => (RUN_KINDS as readonly unknown[]).includes(kind);

export const GET = route(
  listRuns,
  ({ query: { open, ...query } }) =>
    ({ ...query, ...(open === undefined ? {} : { open: open === "true" }) }) as ListRunsInput,
);

/** Starts a run: `kind` and the input of its verb. 202: the runner does the work. */
export const POST = guarded(async (ctx, request) => {
  const { kind, ...input } = await readBody(request);
  if (!isKind(kind)) throw new ValidationError([{ path: "kind", message: `expected one of ${RUN_KINDS.join(", ")}` }]);
  return Response.json(await START[kind](ctx, input), { status: 202, headers: { "cache-control": "no-store" } });
});
