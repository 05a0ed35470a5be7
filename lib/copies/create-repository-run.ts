import type { Ctx, Tx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { createRun } from "@/lib/runs";
import { OPEN_RUN_STATES, type RunKind } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import { type Configuration, declaredBackups } from "@/lib/settings/schemas";

export interface RepositoryRun {
  kind: Extract<RunKind, "check" | "repair">;
  repository: string;
  title: string;
  parameters: Record<string, unknown>;
}

/** Writes the run and its job. Two of one repository at once would see each other's half-done work: the second is refused. */
export async function createRepositoryRun(tx: Tx, ctx: Ctx, run: RepositoryRun): Promise<{ id: string }> {
  const { configuration } = await loadConfiguration(ctx);
  if (!configuration.repositories[run.repository]) throw new NotFoundError("repository", run.repository);
  await tx.$queryRaw`SELECT 1 FROM repositories WHERE name = ${run.repository} FOR UPDATE`;
  const open = await findOpenRun(tx, run.repository);
  if (open) {
    throw new PreconditionError(`a check or repair of "${run.repository}" is already under way`, {
      hint: `It is run ${open}.`,
    });
  }
  return createRun(tx, ctx, {
    kind: run.kind,
    title: run.title,
    parameters: { ...run.parameters, repository: run.repository },
    place: placeOf(configuration, run.repository),
  });
}

/** The check or repair of a repository that goes on now, or null. */
export async function findOpenRun(tx: Tx, repository: string): Promise<string | null> {
  const open = await tx.run.findFirst({
    where: {
      kind: { in: ["check", "repair"] },
      state: { in: [...OPEN_RUN_STATES] },
      parameters: { path: ["repository"], equals: repository },
    },
    select: { id: true },
  });
  return open?.id ?? null;
}

/** A runner that writes there can reach it: that of the first system whose backups go to it. */
function placeOf(configuration: Configuration, repository: string): string {
  for (const system of Object.values(configuration.systems)) {
    if (declaredBackups(system).some(({ to }) => to.includes(repository))) {
      return system.runner.label ?? system.runner.site;
    }
  }
  return "primary";
}
