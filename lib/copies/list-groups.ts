import type { ObjectInfo, ObjectStore } from "@/lib/engines/object-store/port";
import { repositoryKeys } from "@/lib/repositories";

export interface BackupGroup {
  kind: "backup";
  system: string;
  id: string;
  objects: ObjectInfo[];
}

/** The objects of one log file of a server. */
export interface LogGroup {
  kind: "log";
  system: string;
  serverId: string;
  incarnation: string;
  file: string;
  objects: ObjectInfo[];
}

/** What no rule of ours explains, one object at a time. */
export interface ForeignObject {
  kind: "foreign";
  objects: ObjectInfo[];
}

export type ObjectGroup = BackupGroup | LogGroup | ForeignObject;

/** Ours, and nothing that a check of backups and logs knows about. */
const OWN_PREFIXES = ["configuration/", "runbooks/", "audit/", repositoryKeys.PROBE_PREFIX] as const;

const BACKUP = /^systems\/([^/]+)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/./;
const LOG = /^systems\/([^/]+)\/log\/([^/]+)\/([^/]+)\/([^/]+)$/;

/**
 * A repository's objects in the order of its listing, those that belong together at once. The listing is read page by
 * page; only one backup's, or one log file's, names are held.
 */
export async function* listGroups(store: ObjectStore, signal: AbortSignal): AsyncGenerator<ObjectGroup> {
  let open: { identity: string; group: ObjectGroup } | null = null;
  for await (const object of store.list("", { signal })) {
    const group = groupOf(object);
    if (!group) continue;
    const identity = identityOf(group);
    if (open && identity !== null && open.identity === identity) {
      open.group.objects.push(object);
      continue;
    }
    if (open) yield open.group;
    open = null;
    if (identity === null) yield group;
    else open = { identity, group };
  }
  if (open) yield open.group;
}

function groupOf(object: ObjectInfo): ObjectGroup | null {
  const { key } = object;
  if (repositoryKeys.POINTER_KEYS.includes(key) || OWN_PREFIXES.some((prefix) => key.startsWith(prefix))) return null;
  const [, system = "", id = ""] = BACKUP.exec(key) ?? [];
  if (id !== "") return { kind: "backup", system, id, objects: [object] };
  return logGroupOf(object) ?? { kind: "foreign", objects: [object] };
}

function logGroupOf(object: ObjectInfo): LogGroup | null {
  const [, system = "", serverId = "", incarnation = "", name = ""] = LOG.exec(object.key) ?? [];
  const file = logFileOf(name);
  return file === null ? null : { kind: "log", system, serverId, incarnation, file, objects: [object] };
}

/** Of a segment, of a closed log, or of the signed facts beside it; null for any other name. */
export function logFileOf(name: string): string | null {
  const stored = repositoryKeys.parseSegmentName(name) ?? repositoryKeys.parseCompactedName(name);
  if (stored) return stored.file;
  return /^(?<file>.+\.\d{6,})\.json(?:\.sig)?$/.exec(name)?.groups?.file ?? null;
}

function identityOf(group: ObjectGroup): string | null {
  if (group.kind === "foreign") return null;
  if (group.kind === "backup") return `${group.system}/${group.id}`;
  return `${group.system}/${group.serverId}/${group.incarnation}/${group.file}`;
}
