import type { AnyManifest, FileLogManifest, FilesManifest, Manifest } from "./manifest";

/** What the catalogue keeps of a backup that is whole: all of it stands in its manifest, so that it can be read back from there. */
export function toBackupRow(manifest: AnyManifest) {
  return {
    type: manifest.type as string,
    method: manifest.method as string,
    cutId: manifest.cut,
    parentId: manifest.parent,
    startedAt: new Date(manifest.startedAt),
    endedAt: new Date(manifest.endedAt),
    sizeBytes: toCopyRow(manifest).sizeBytes,
    ...placeInLog(manifest),
    lossy: lossOf(manifest),
    manifest: manifest as object,
  };
}

/** What the catalogue keeps of a copy that is whole: the bytes of an incremental's logs are counted as the log's. */
export function toCopyRow(manifest: AnyManifest): { sha256: string | null; sizeBytes: number } {
  if ("logs" in manifest) return { sizeBytes: 0, sha256: null };
  const data = manifest.parts.find((part) => ["data", "files", "bundle", "logs"].includes(part.name));
  const sizeBytes = manifest.parts.reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  return { sizeBytes, sha256: data?.sealed.sha256 ?? null };
}

/** Where a database's log goes on from it. */
function placeInLog(manifest: AnyManifest) {
  if (manifest.kind !== "mariadb") return {};
  return {
    position: manifest.position,
    serverId: manifest.server.id,
    incarnation: manifest.server.incarnation,
  };
}

/** What it cannot bring back as it was, in words. */
function lossOf(manifest: AnyManifest): string[] {
  if ("events" in manifest) return lossOfLogs(manifest);
  if (manifest.kind === "files") return lossOfFiles(manifest);
  if (!("hazards" in manifest)) return [];
  return manifest.hazards.filter(isLoss).map((hazard) => `${hazard.object}: ${hazard.message}`);
}

function lossOfFiles({ unsettled, leftOut, remarks }: FilesManifest): string[] {
  const reasons = [
    { paths: unsettled, why: "was changing while it was read" },
    { paths: leftOut, why: "is a socket: it is left out" },
  ];
  return [
    ...reasons.flatMap(({ paths, why }) => [
      ...paths.named.map((path) => `${path}: ${why}`),
      ...(paths.count > paths.named.length ? [`and ${paths.count - paths.named.length} more: each ${why}`] : []),
    ]),
    ...remarks.named,
  ];
}

/** A log that went, or was cut, took with it what had been written since the backup before. */
function lossOfLogs({ gone }: FileLogManifest): string[] {
  return gone.map(
    (path) => `${path}: was cut or taken away; what was written to it since the backup before may be lost`,
  );
}

function isLoss(hazard: Manifest["hazards"][number]): boolean {
  return hazard.effect === "lossy" || hazard.effect === "omit";
}
