/* Names of everything that lies in a repository; contracts.md "What lies in a repository". */

export const IDENTITY_KEY = "holdfast.json";
export const README_KEY = "README.md";
export const SCRIPT_KEY = "restore.sh";
/** The few objects that are replaced. */
export const POINTER_KEYS: readonly string[] = [IDENTITY_KEY, README_KEY, SCRIPT_KEY];
/** Where the lock is tried out. */
export const PROBE_PREFIX = "doctor/";
/** Backups and their logs: all that is stored in parts. */
export const SYSTEMS_PREFIX = "systems/";

export function backupPrefix(system: string, backupId: string): string {
  return `systems/${system}/${backupId}/`;
}

export function manifestKey(system: string, backupId: string): string {
  return `${backupPrefix(system, backupId)}manifest.json`;
}

export function signatureKey(manifest: string): string {
  return `${manifest}.sig`;
}

export interface LogPlace {
  system: string;
  serverId: string;
  incarnation: string;
}

export function logPrefix(place: LogPlace): string {
  return `systems/${place.system}/log/${place.serverId}/${place.incarnation}/`;
}

export interface SegmentName {
  file: string;
  start: number;
  end: number;
  /** Of the plain bytes. */
  sha256: string;
  encrypted: boolean;
}

const SEGMENT = /^(?<file>.+)\.(?<start>\d+)-(?<end>\d+)\.(?<sha256>[0-9a-f]{64})\.zst(?<age>\.age)?$/;
const COMPACTED = /^(?<file>.+\.\d{6,})\.zst(?<age>\.age)?$/;

/** `<file>.<start>-<end>.<sha256>.zst.age`: a segment's name is its manifest. */
export function formatSegmentName(segment: Omit<SegmentName, "encrypted">, extension: string): string {
  return `${segment.file}.${segment.start}-${segment.end}.${segment.sha256}${extension}`;
}

/** The segment behind a name, or null when it is something else. */
export function parseSegmentName(name: string): SegmentName | null {
  const groups = SEGMENT.exec(name)?.groups;
  if (!groups) return null;
  const { file = "", start = "", end = "", sha256 = "", age } = groups;
  return { file, start: Number(start), end: Number(end), sha256, encrypted: age !== undefined };
}

/** `<file>.zst.age`: a closed log in one object, or null when the name is something else. */
export function parseCompactedName(name: string): { file: string; encrypted: boolean } | null {
  const groups = COMPACTED.exec(name)?.groups;
  return groups ? { file: groups.file ?? "", encrypted: groups.age !== undefined } : null;
}
