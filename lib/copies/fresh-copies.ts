import type { Prisma } from "@/lib/db/client";

const DAY_MS = 86_400_000;

/**
 * Copies that no run has looked at since they were written. After a day the daily check has them: one that could not be
 * read back is not tried for ever. Log backups are small and many: their bytes are read by the daily check.
 */
export function freshCopies(now: Date): Prisma.BackupCopyWhereInput {
  return {
    state: "present",
    checkedBy: null,
    backup: {
      type: { in: ["full", "incremental"] },
      state: { in: ["complete", "incomplete"] },
      endedAt: { gt: new Date(now.getTime() - DAY_MS) },
    },
  };
}
