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
  const keys = new Set<string>();
  for await (const page of listVersions(place, prefix, signal)) {
    for (const { Key: key = "", VersionId: versionId, LastModified: at } of page.DeleteMarkers ?? []) {
      if ((at ?? new Date(0)) < since || !(await hasVersion(place, key, { signal }))) continue;
      await explained(place, { key, signal }, () =>
        place.client.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: key, VersionId: versionId }), {
          abortSignal: signal,
        }),
      );
      keys.add(key);
    }
  }
  return keys.size;
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

/** A marker over nothing hides nothing. Its versions may stand on another page. */
async function hasVersion(place: S3Place, key: string, { signal }: { signal: AbortSignal }): Promise<boolean> {
  for await (const page of listVersions(place, key.slice(place.prefix.length), signal)) {
    if ((page.Versions ?? []).some((version) => version.Key === key)) return true;
  }
  return false;
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
