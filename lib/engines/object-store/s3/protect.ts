import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectRetentionCommand } from "@aws-sdk/client-s3";
import { systemNow } from "@/lib/kernel/time";
import { EngineError } from "@/lib/kernel/errors";
import { headObject } from "./head-object";
import { toEngineError } from "./map";
import type { S3Place } from "./place";
import { type Uploaded, differs } from "./upload";

const DAY_MS = 86_400_000;

/**
 * Locks one version for the declared days, counted from now. Not with the upload itself: some stores ignore the lock
 * headers of a multipart upload without a word. Returns until when, or undefined where no lock is declared.
 */
export async function lockObject(
  place: S3Place,
  key: string,
  versionId: string | undefined,
): Promise<Date | undefined> {
  if (!place.lock) return undefined;
  const until = new Date(systemNow().getTime() + place.lock.days * DAY_MS);
  try {
    await place.client.send(
      new PutObjectRetentionCommand({
        Bucket: place.bucket,
        Key: place.prefix + key,
        ...(versionId ? { VersionId: versionId } : {}),
        Retention: { Mode: place.lock.mode === "compliance" ? "COMPLIANCE" : "GOVERNANCE", RetainUntilDate: until },
      }),
    );
    return until;
  } catch (error) {
    throw toEngineError(error, { operation: "lock", key, location: place.location });
  }
}

/** Locks what is there under a key, from now on; an object that is not there is none. */
export async function keepLocked(place: S3Place, key: string, options: { signal: AbortSignal }): Promise<void> {
  const head = await headObject(place, key, options);
  if (head) await lockObject(place, key, head.versionId);
}

/**
 * A store that ignores If-None-Match on versioned buckets lets two writers of one key both succeed. The older version
 * wins: who finds one below its own takes its own away again, unless both hold the same bytes.
 */
export async function yieldToEarlierVersion(place: S3Place, key: string, uploaded: Uploaded): Promise<void> {
  const { versionId } = uploaded;
  if (place.isAmazon || !versionId || versionId === "null") return;
  const earlier = await findEarlierVersion(place, key, versionId);
  if (!earlier || (earlier.etag === uploaded.etag && earlier.sizeBytes === uploaded.sizeBytes)) return;
  await deleteVersion(place, key, versionId);
  throw differs(place, key);
}

/** The version below ours; null when there is none, or a deletion lies between. */
async function findEarlierVersion(
  place: S3Place,
  key: string,
  versionId: string,
): Promise<{ etag: string; sizeBytes: number } | null> {
  const fullKey = place.prefix + key;
  // Newest first, and before every longer key: one page holds ours and the one below it.
  const page = await place.client
    .send(new ListObjectVersionsCommand({ Bucket: place.bucket, Prefix: fullKey }))
    .catch((error: unknown) => {
      throw toEngineError(error, { operation: "list the versions of", key, location: place.location });
    });
  const versions = (page.Versions ?? []).filter((one) => one.Key === fullKey);
  const ours = versions.findIndex((one) => one.VersionId === versionId);
  const earlier = ours < 0 ? undefined : versions[ours + 1];
  if (!earlier) return null;
  const storedAt = timeOf(earlier);
  const isDeleted = page.DeleteMarkers?.some((one) => one.Key === fullKey && timeOf(one) >= storedAt);
  return isDeleted ? null : { etag: (earlier.ETag ?? "").replaceAll('"', ""), sizeBytes: earlier.Size ?? -1 };
}

function timeOf(entry: { LastModified?: Date | undefined }): number {
  return entry.LastModified?.getTime() ?? 0;
}

/** What the store answers about the object must be what was sent; a version that is not is taken away again. */
export async function confirmStored(place: S3Place, key: string, uploaded: Uploaded): Promise<void> {
  const { versionId } = uploaded;
  const head = await headObject(place, key, { versionId });
  if (head?.sizeBytes === uploaded.sizeBytes && (!head.isEtagOfContent || head.etag === uploaded.etag)) return;
  if (head && versionId) await deleteVersion(place, key, versionId);
  const found = head ? `${head.sizeBytes} bytes with the ETag ${head.etag}` : "nothing";
  throw new EngineError(
    `"${key}" at ${place.location}: ${uploaded.sizeBytes} bytes with the ETag ${uploaded.etag} were sent, ${found} is there`,
    {
      engine: "s3",
      operation: "store",
      permanent: false,
      hint: "Does another program write or delete under this prefix? If not, the store damages what it takes.",
    },
  );
}

async function deleteVersion(place: S3Place, key: string, versionId: string): Promise<void> {
  try {
    await place.client.send(
      new DeleteObjectCommand({ Bucket: place.bucket, Key: place.prefix + key, VersionId: versionId }),
    );
  } catch (error) {
    throw toEngineError(error, { operation: "take back", key, location: place.location });
  }
}
