import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
} from "@aws-sdk/client-s3";
import { toEngineError } from "./map";
import type { S3Place } from "./place";

type Page = Pick<ListObjectVersionsCommandOutput, "Versions" | "DeleteMarkers">;

/**
 * Takes away the delete markers below a prefix that were set since an instant and that hide a version. Whoever holds
 * our credentials can set such markers over locked objects, whose bytes stay. Returns how many keys are seen again.
 * @throws EngineError
 */
export async function revealObjects(
  place: S3Place,
  prefix: string,
  { since, signal }: { since: Date; signal: AbortSignal },
): Promise<number> {
  let revealed = 0;
  for await (const { key, markers, isHeld } of listKeys(place, prefix, signal)) {
    const hiding = isHeld ? markers.filter(({ at }) => at >= since) : [];
    for (const { versionId } of hiding) {
      await explained(place, { key, signal }, () =>
        place.client.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: key, VersionId: versionId }), {
          abortSignal: signal,
        }),
      );
    }
    if (hiding.length > 0) revealed += 1;
  }
  return revealed;
}

/** What a bucket keeps of one key. */
interface KeptKey {
  key: string;
  markers: { versionId: string | undefined; at: Date }[];
  /** Whether there is any version: a marker over nothing hides nothing. */
  isHeld: boolean;
}

/** One after the other; both lists of a page are in the order of the keys, and only its last key may go on in the next. */
async function* listKeys(place: S3Place, prefix: string, signal: AbortSignal): AsyncGenerator<KeptKey> {
  let open = new Map<string, KeptKey>();
  for await (const { Versions: versions = [], DeleteMarkers: markers = [] } of listVersions(place, prefix, signal)) {
    for (const version of versions) keptIn(open, version).isHeld = true;
    for (const marker of markers) {
      const at = marker.LastModified ?? new Date(0);
      keptIn(open, marker).markers.push({ versionId: marker.VersionId, at });
    }
    const lasts = new Set([versions.at(-1)?.Key, markers.at(-1)?.Key]);
    const kept = [...open.values()];
    open = new Map(kept.filter(({ key }) => lasts.has(key)).map((each) => [each.key, each]));
    yield* kept.filter(({ key }) => !lasts.has(key));
  }
  yield* open.values();
}

function keptIn(known: Map<string, KeptKey>, { Key: key = "" }: { Key?: string | undefined }): KeptKey {
  const kept = known.get(key) ?? { key, markers: [], isHeld: false };
  known.set(key, kept);
  return kept;
}

async function* listVersions(place: S3Place, prefix: string, signal: AbortSignal): AsyncGenerator<Page> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } | null = {};
  while (marker) {
    const from: { KeyMarker?: string; VersionIdMarker?: string } = marker;
    const command = new ListObjectVersionsCommand({ Bucket: place.bucket, Prefix: place.prefix + prefix, ...from });
    const page: ListObjectVersionsCommandOutput = await explained(place, { key: prefix, signal }, () =>
      place.client.send(command, { abortSignal: signal }),
    );
    yield page;
    const { IsTruncated: goesOn, NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    marker = goesOn && KeyMarker ? { KeyMarker, ...(VersionIdMarker ? { VersionIdMarker } : {}) } : null;
  }
}

function explained<T>(
  place: S3Place,
  { key, signal }: { key: string; signal: AbortSignal },
  act: () => Promise<T>,
): Promise<T> {
  return act().catch((error: unknown) => {
    throw toEngineError(error, { operation: "take away the delete markers of", key, location: place.location, signal });
  });
}
