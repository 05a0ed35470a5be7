import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { SystemsView } from "./schemas";
import { summarizeSystem } from "./summarize-system";
import { readSystemFacts } from "./system-facts";

/** Every declared system with its exposure, ages and measured times. */
export async function listSystems(ctx: Ctx): Promise<SystemsView> {
  requirePermission(ctx, "system.read");
  const facts = await readSystemFacts(ctx);
  const objectives = facts.configuration?.objectives;
  return {
    asOf: facts.now.toISOString(),
    systems: facts.rows.map((row) => summarizeSystem(facts, row)),
    objectives: objectives
      ? {
          rtoSeconds: objectives.rto,
          rpoSeconds: objectives.rpo,
          mttrSeconds: objectives.mttr,
          mtbfSeconds: objectives.mtbf,
        }
      : null,
  };
}
