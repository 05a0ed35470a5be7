import { HeadObjectCommand, type HeadObjectCommandOutput, ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { S3Place } from "./place";
import { isAbsent, statusOf, toEngineError } from "./map";

export interface Head {
  sizeBytes: number;
  modifiedAt: Date;
  /** Without quotes. */
  etag: string;
  versionId: string | undefined;
  lockedUntil: Date | undefined;
  /** False where the store encrypts with keys of its own: the ETag is then no MD5. */
  isEtagOfContent: boolean;
}

/** What the store says about one object, or null. */
export async function headObject(
  place: S3Place,
  key: string,
  options: { signal?: AbortSignal; versionId?: string | undefined },
): Promise<Head | null> {
  const { signal, versionId } = options;
  try {
    const answer = await place.client.send(
      new HeadObjectCommand({
        Bucket: place.bucket,
        Key: place.prefix + key,
        ...(versionId ? { VersionId: versionId } : {}),
      }),
      signal ? { abortSignal: signal } : {},
    );
    return describe(answer);
  } catch (error) {
    if (!signal?.aborted && isAbsent(error)) return null;
    const better = statusOf(error) === 403 ? await askForTheReason(place, error, signal) : error;
    throw toEngineError(better, {
      operation: "look for",
      key,
      location: place.location,
      ...(signal ? { signal } : {}),
    });
  }
}

function describe(answer: HeadObjectCommandOutput): Head {
  return {
    sizeBytes: answer.ContentLength ?? -1,
    modifiedAt: answer.LastModified ?? new Date(0),
    etag: (answer.ETag ?? "").replaceAll('"', ""),
    versionId: answer.VersionId,
    lockedUntil: answer.ObjectLockRetainUntilDate,
    isEtagOfContent: !answer.ServerSideEncryption?.startsWith("aws:kms") && !answer.SSECustomerAlgorithm,
  };
}

/** A HEAD has no body: only another request tells a wrong secret from a missing permission. */
async function askForTheReason(place: S3Place, error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    await place.client.send(
      new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix, MaxKeys: 1 }),
      signal ? { abortSignal: signal } : {},
    );
    return error;
  } catch (reason) {
    return reason;
  }
}
