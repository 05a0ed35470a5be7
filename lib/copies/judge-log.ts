import { ClosedLog } from "@/lib/backups";
import type { ObjectInfo } from "@/lib/engines/object-store/port";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { type LogPiece, coverLog } from "@/lib/recovery";
import { findObject, repositoryKeys } from "@/lib/repositories";
import { type CopyPlace, type Judgement, digestObject } from "./copy-place";

export interface LogFile {
  system: string;
  serverId: string;
  incarnation: string;
  file: string;
}

/** What a repository holds of one log file. */
export interface LogHolding {
  segments: (LogPiece & { storedBytes: number })[];
  /** The closed, compacted log, when its signed facts are there and fit. */
  closed: { key: string; sizeBytes: number; modifiedAt: Date; facts: ClosedLog } | null;
  /** Facts or object of a closed log that cannot be relied on, and why. */
  fault: string | null;
}

/** The objects of one log file, from the store itself. */
export async function listLogFile(place: CopyPlace, log: LogFile): Promise<ObjectInfo[]> {
  const objects: ObjectInfo[] = [];
  const prefix = `${repositoryKeys.logPrefix(log)}${log.file}.`;
  for await (const object of place.store.list(prefix, { signal: place.signal })) objects.push(object);
  return objects;
}

/** Reads the signed facts among a log file's objects. */
export async function readLogHolding(
  place: CopyPlace,
  log: LogFile,
  objects: readonly ObjectInfo[],
): Promise<LogHolding> {
  const prefix = repositoryKeys.logPrefix(log);
  const holding: LogHolding = { segments: [], closed: null, fault: null };
  let whole: ObjectInfo | undefined;
  for (const object of objects) {
    const name = object.key.slice(prefix.length);
    const segment = repositoryKeys.parseSegmentName(name);
    if (segment?.file === log.file) {
      holding.segments.push({ key: object.key, ...segment, closed: false, storedBytes: object.sizeBytes });
    }
    if (repositoryKeys.parseCompactedName(name)?.file === log.file) whole = object;
  }
  const factsKey = `${prefix}${log.file}.json`;
  if (!whole && !objects.some(({ key }) => key === factsKey)) return holding;
  const facts = await readFacts(place, factsKey);
  if (typeof facts === "string") return { ...holding, fault: facts };
  if (!whole) return { ...holding, fault: `the closed log "${log.file}" is not there, but its facts are` };
  if (facts.sealed && facts.sealed.sizeBytes !== whole.sizeBytes) {
    const fault = `object "${whole.key}" has ${whole.sizeBytes} bytes in the place of ${facts.sealed.sizeBytes}`;
    return { ...holding, fault };
  }
  return { ...holding, closed: { key: whole.key, sizeBytes: whole.sizeBytes, modifiedAt: whole.modifiedAt, facts } };
}

async function readFacts(place: CopyPlace, key: string): Promise<ClosedLog | string> {
  const bytes = await findObject(place.store, key, place.signal);
  if (!bytes) return `"${key}" is not there`;
  const signature = await findObject(place.store, repositoryKeys.signatureKey(key), place.signal);
  const fits = signature && place.identity.publicKeys.some((pem) => isSignatureValid(pem, bytes, signature));
  if (!fits) return `"${key}" does not fit its signature`;
  const facts = ClosedLog.safeParse(JSON.parse(bytes.toString("utf8")));
  return facts.success ? facts.data : `"${key}" is of a format that this version does not read`;
}

/**
 * Whether the objects of a log file give all bytes that the catalogue counts as covered: a closed log, or segments
 * that follow each other. @throws EngineError when the store cannot be asked
 */
export async function judgeLog(
  place: CopyPlace,
  row: LogFile & { endOffset: bigint },
  look: { objects: readonly ObjectInfo[]; isRead: (key: string) => boolean },
): Promise<Judgement> {
  const { segments, closed, fault } = await readLogHolding(place, row, look.objects);
  const wanted = Number(row.endOffset);
  const covers = coverLog(segments, { file: row.file, offset: wanted }).end.offset >= wanted;
  if (closed && closed.facts.sizeBytes >= wanted) {
    const { sealed } = closed.facts;
    if (!sealed || !look.isRead(closed.key)) return { state: "present", lockedUntil: null, readBytes: 0 };
    const { sha256 } = await digestObject(place, place.store, closed.key);
    if (sha256 === sealed.sha256) return { state: "present", lockedUntil: null, readBytes: sealed.sizeBytes };
    return { state: "damaged", error: `object "${closed.key}" does not fit its digest` };
  }
  if (covers) return { state: "present", lockedUntil: null, readBytes: 0 };
  if (fault) return { state: look.objects.length > 0 ? "damaged" : "missing", error: fault };
  const end = coverLog(segments, { file: row.file, offset: wanted }).end.offset;
  return { state: "missing", error: `bytes ${end} to ${wanted} of "${row.file}" are not there` };
}
