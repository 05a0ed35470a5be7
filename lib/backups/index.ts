export { claimDue } from "./claim-due";
export { claimSlots } from "./claim-slots";
export { claimCut } from "./claim-cut";
export { planCut } from "./cut-plan";
export { getBackup } from "./get-backup";
export { getCut } from "./get-cut";
export { getBackupDay } from "./get-backup-day";
export { getGrowth } from "./get-growth";
export { listBackupDays } from "./list-backup-days";
export { listChains } from "./list-chains";
export { listBackups } from "./list-backups";
export { startBackup } from "./start-backup";
export { startCut } from "./start-cut";
export { sweepBackups } from "./sweep-backups";
export { toBackupRow, toCopyRow } from "./backup-row";
export { planBackup } from "./plan-backup";
export { secretsOf } from "./secrets-of";
export { fingerprintSecrets } from "./fingerprint-secrets";
export { readManifest } from "./read-manifest";
export { formatManifest, isDatabaseStart } from "./manifest";
export type {
  AnyManifest,
  CodeManifest,
  FileLogManifest,
  FilesManifest,
  LogManifest,
  LogicalManifest,
  Manifest,
  ManifestPart,
  PhysicalManifest,
} from "./manifest";
export { ClosedLog } from "./closed-log";
export { shipLog } from "./ship-log";
export { type LinkReach, type RepositoryReach, readReach } from "./read-reach";
export { LINKS } from "./links";
