import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { findConfiguration } from "@/lib/settings";
import type { NewFinding } from "./attempt";
import { dueOf } from "./model";

export interface FoundThing extends NewFinding {
  /** null: the verifier itself. */
  systemId: string | null;
  backupId?: string | null;
  runId?: string | null;
}

/**
 * Records something that was found, in the caller's transaction. An open finding of the same kind and subject is seen
 * once more instead; one that was closed is opened anew. Its owner is the system's, or the project's contact.
 */
export async function noteFinding(tx: Tx, ctx: Ctx, found: FoundThing): Promise<{ id: string }> {
  const { systemId, kind, subject, title, detail, backupId = null, runId = null } = found;
  const now = ctx.now();
  const owner = await ownerOf(tx, ctx, systemId);
  const dueAt = dueOf(kind, now);
  const [row] = await tx.$queryRaw<{ id: string; times: number }[]>`
    INSERT INTO findings (id, system_id, kind, subject, title, detail, backup_id, run_id, owner, due_at, opened_at, seen_at)
    VALUES (${newId()}::uuid, ${systemId}::uuid, ${kind}, ${subject}, ${title}, ${detail.slice(0, 2_000)}, ${backupId}::uuid,
      ${runId}::uuid, ${owner}, ${dueAt}, ${now}, ${now})
    ON CONFLICT (COALESCE(system_id, '00000000-0000-0000-0000-000000000000'::uuid), kind, subject) WHERE closed_at IS NULL
    DO UPDATE SET times = findings.times + 1, seen_at = EXCLUDED.seen_at, detail = EXCLUDED.detail,
      backup_id = EXCLUDED.backup_id, run_id = EXCLUDED.run_id
    RETURNING id::text AS id, times`;
  if (!row) throw new Error("a finding was neither written nor counted up");
  if (row.times === 1) {
    await recordAudit(tx, ctx, {
      action: "finding.opened",
      entity: { type: "finding", id: row.id },
      metadata: { kind, title, owner, dueAt: dueAt.toISOString(), backup: backupId, run: runId },
    });
  }
  return { id: row.id };
}

/** Who is to look at what is found of a system: its owner, or the project's contact. */
export async function ownerOf(tx: Tx, ctx: Ctx, systemId: string | null): Promise<string> {
  const system = systemId ? await tx.system.findUnique({ where: { id: systemId }, select: { owner: true } }) : null;
  if (system?.owner) return system.owner;
  return (await findConfiguration(ctx))?.configuration.project.contact ?? "nobody";
}
