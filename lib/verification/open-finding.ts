import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { FINDING_INCLUDE, toFindingView } from "./finding-view";
import { dueOf } from "./model";
import { ownerOf } from "./note-finding";
import { type FindingView, OpenFindingInput } from "./schemas";

/** Records something that a person found. @throws NotFoundError for a system that is not declared */
export async function openFinding(ctx: Ctx, input: OpenFindingInput): Promise<FindingView> {
  requirePermission(ctx, "finding.manage");
  const { system: name, title, detail, owner, dueAt } = OpenFindingInput.parse(input);
  return ctx.transaction(async (tx) => {
    const system = await tx.system.findFirst({ where: { name, removedAt: null }, select: { id: true } });
    if (!system) throw new NotFoundError("system", name);
    const now = ctx.now();
    const id = newId();
    const data = {
      owner: owner ?? (await ownerOf(tx, ctx, system.id)),
      dueAt: dueAt ? new Date(dueAt) : dueOf("reported", now),
    };
    const fresh = { id, systemId: system.id, kind: "reported", subject: id, title, detail, openedAt: now, seenAt: now };
    await tx.finding.create({ data: { ...fresh, ...data } });
    await recordAudit(tx, ctx, {
      action: "finding.opened",
      entity: { type: "finding", id },
      metadata: { kind: "reported", title, owner: data.owner, dueAt: data.dueAt.toISOString() },
    });
    return toFindingView(await tx.finding.findUniqueOrThrow({ where: { id }, include: FINDING_INCLUDE }), ctx.now());
  });
}
