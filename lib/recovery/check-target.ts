import { NotFoundError, RefusedError } from "@/lib/kernel/errors";
import type { Configuration } from "@/lib/settings/schemas";

/** Whether a restore of a system beside production may go there. @throws NotFoundError, RefusedError */
export function checkTarget(configuration: Configuration, name: string, to: string): void {
  const kind = configuration.systems[name]?.kind;
  if (kind !== "mariadb" && !to.startsWith("dir:/")) {
    throw new RefusedError(`"${name}" is no server: it comes back into a directory, not to "${to}"`, {
      hint: "Say `--to dir:PATH` with an absolute path that is empty or absent.",
    });
  }
  if (to === "scratch" || to.startsWith("dir:/")) return;
  const target = configuration.targets[to];
  if (!target) throw new NotFoundError("target", to);
  if (!target.allow.includes("drill")) {
    throw new RefusedError(`target "${to}" does not allow a restore outside a live run`, {
      hint: "A live recovery is started from its runbook; `targets.*.allow` in holdfast.yaml lists what a target allows.",
    });
  }
}
