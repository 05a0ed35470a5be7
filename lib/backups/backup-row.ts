import type { Manifest } from "./manifest";

/** What the catalogue keeps of a backup that is whole: all of it stands in its manifest, so that it can be read back from there. */
export function toBackupRow(manifest: Manifest) {
  return {
    type: manifest.type as string,
    method: manifest.method as string,
    cutId: manifest.cut,
    parentId: manifest.parent,
    startedAt: new Date(manifest.startedAt),
    endedAt: new Date(manifest.endedAt),
    sizeBytes: storedBytesOf(manifest),
    position: manifest.position,
    serverId: manifest.server.id,
    incarnation: manifest.server.incarnation,
    lossy: manifest.hazards.filter(isLoss).map((hazard) => `${hazard.object}: ${hazard.message}`),
    manifest: manifest as object,
  };
}

/** What the catalogue keeps of a copy that is whole. */
export function toCopyRow(manifest: Manifest): { sha256: string | null; sizeBytes: number } {
  return {
    sha256: manifest.parts.find((part) => part.name === "data")?.sealed.sha256 ?? null,
    sizeBytes: storedBytesOf(manifest),
  };
}

function storedBytesOf(manifest: Manifest): number {
  return manifest.parts.reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
}

function isLoss(hazard: Manifest["hazards"][number]): boolean {
  return hazard.effect === "lossy" || hazard.effect === "omit";
}
