import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { BACKUP_INCLUDE, toBackupSummary } from "./backup-view";
import { type BackupPage, ListBackupsInput } from "./schemas";

const RESTORED = { verdict: "pass", level: { not: "object" } } as const;

/** Backups, newest first, a page at a time. */
export async function listBackups(ctx: Ctx, input: ListBackupsInput = {}): Promise<BackupPage> {
  requirePermission(ctx, "backup.read");
  const { system, repository, type, state, proof, cursor, limit } = ListBackupsInput.parse(input);
  const rows = await ctx.db.backup.findMany({
    where: {
      ...(system ? { system: { name: system } } : {}),
      ...(repository ? { copies: { some: { repository: { name: repository }, state: "present" } } } : {}),
      ...(type ? { type } : {}),
      ...(state ? { state } : {}),
      ...(proof ? { verifications: { [proof === "proven" ? "some" : "none"]: RESTORED } } : {}),
      ...(cursor ? { id: { lt: cursor } } : {}),
    },
    orderBy: { id: "desc" },
    take: limit + 1,
    omit: { manifest: true },
    include: BACKUP_INCLUDE,
  });
  const page = rows.slice(0, limit);
  return {
    backups: page.map((row) => toBackupSummary({ ...row, manifest: null })),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}
