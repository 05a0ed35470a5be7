import type { Ctx } from "@/lib/db/context";
import { recordAudit } from "@/lib/audit";
import { NotFoundError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { FINDING_INCLUDE, toFindingView } from "./finding-view";
import { noteFinding } from "./note-finding";
import { type FindingView, OpenFindingInput } from "./schemas";

/** Records something that a person found. @throws NotFoundError for a system that is not declared */
export async function openFinding(ctx: Ctx, input: OpenFindingInput): Promise<FindingView> {
  requirePermission(ctx, "finding.manage");
  const { system: name, title, detail, owner, dueAt } = OpenFindingInput.parse(input);
  return ctx.transaction(async (tx) => {
    const system = await tx.system.findFirst({ where: { name, removedAt: null }, select: { id: true } });
    if (!system) throw new NotFoundError("system", name);
    const { id } = await noteFinding(tx, ctx, {
      systemId: system.id,
      kind: "reported",
      subject: newId(),
      title,
      detail,
      owner,
      dueAt: dueAt ? new Date(dueAt) : undefined,
    });
    return toFindingView(await tx.finding.findUniqueOrThrow({ where: { id }, include: FINDING_INCLUDE }), ctx.now());
  });
}
