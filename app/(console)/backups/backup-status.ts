import type { Tone } from "@/components/patterns/status";
import type { BackupState, CopyState } from "@/lib/backups/schemas";

/** Complete alone is no proof, but it is whole; incomplete is never green. */
export const BACKUP_TONE: Record<BackupState, Tone> = {
  running: "running",
  complete: "ok",
  incomplete: "warning",
  failed: "failed",
  expired: "idle",
};

export const BACKUP_WORD: Record<BackupState, string> = {
  running: "Running",
  complete: "Complete",
  incomplete: "Copy missing",
  failed: "Failed",
  expired: "Expired",
};

export const COPY_TONE: Record<CopyState, Tone> = {
  writing: "running",
  present: "ok",
  missing: "warning",
  damaged: "failed",
  expiring: "running",
  expired: "idle",
};
