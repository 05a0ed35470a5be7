export { getBackup } from "./get-backup";
export { listBackups } from "./list-backups";
export { startBackup } from "./start-backup";
export { planFullBackup } from "./full-backup-plan";
export { readManifest } from "./read-manifest";
export type { Manifest, ManifestPart } from "./manifest";
export { ClosedLog } from "./closed-log";
export { shipLog } from "./ship-log";
export { readReach, type RepositoryReach } from "./read-reach";
