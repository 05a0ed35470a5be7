import type { JobCtx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import type { ClaimedRun, RunPlan } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { planCodeBackup } from "./code-backup-plan";
import { planFileLogBackup } from "./file-log-backup-plan";
import { planFilesBackup } from "./files-backup-plan";
import { planFullBackup } from "./full-backup-plan";
import { planLogBackup } from "./log-backup-plan";
import { planLogIncrement } from "./log-increment-plan";
import { planPhysicalBackup } from "./physical-backup-plan";

/** The steps of a backup of any type. @throws PreconditionError when this runner does not know the type */
export async function planBackup(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<object>> {
  const { type, method } = run.parameters;
  const { configuration } = await loadConfiguration(ctx);
  const kind = configuration.systems[String(run.parameters.system)]?.kind;
  if (kind === "files" && type === "log") return (await planFileLogBackup(ctx, run)) as RunPlan<object>;
  if (kind === "files") return (await planFilesBackup(ctx, run)) as RunPlan<object>;
  if (kind === "git") return (await planCodeBackup(ctx, run)) as RunPlan<object>;
  if (method === "physical" && (type === "full" || type === "incremental")) {
    return (await planPhysicalBackup(ctx, run, type)) as RunPlan<object>;
  }
  if (type === "full") return (await planFullBackup(ctx, run)) as RunPlan<object>;
  if (type === "incremental") return (await planLogIncrement(ctx, run)) as RunPlan<object>;
  if (type === "log") return (await planLogBackup(ctx, run)) as RunPlan<object>;
  throw new PreconditionError(`this runner takes no backups of type "${String(type)}"`, {
    hint: "Is the runner older than the console? Use the same version for both.",
  });
}
