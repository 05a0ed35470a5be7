import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { toBrokenSource } from "@/lib/engines/shared/broken-source";
import { type Part, partsOf } from "@/lib/engines/shared/parts";
import { headObject } from "./head-object";
import { toEngineError } from "./map";
import type { S3Place } from "./place";
import { PARTS_AT_ONCE, describeParts, sendParts } from "./send-parts";

const ABORT_TIMEOUT_MS = 20_000;

export interface Uploaded {
  sizeBytes: number;
  /** Recomputed here from what was sent; without quotes. */
  etag: string;
  versionId: string | undefined;
}

/** One small object in one request. */
export async function putBytes(
  place: S3Place,
  key: string,
  options: { body: Uint8Array; md5?: Buffer; overwrite: boolean },
): Promise<Uploaded> {
  const digest = options.md5 ?? createHash("md5").update(options.body).digest();
  const sent = { sizeBytes: options.body.length, etag: digest.toString("hex") };
  try {
    const answer = await place.client.send(
      new PutObjectCommand({
        Bucket: place.bucket,
        Key: place.prefix + key,
        Body: options.body,
        ContentMD5: digest.toString("base64"),
        ...(options.overwrite ? {} : { IfNoneMatch: "*" }),
      }),
    );
    return { ...sent, versionId: answer.VersionId };
  } catch (error) {
    return settle(place, key, { error, sent });
  }
}

/** A body of any length, in parts. Memory stays flat; what was uploaded is taken back when it does not end well. */
export async function putStream(
  place: S3Place,
  key: string,
  options: { body: Readable; signal: AbortSignal },
): Promise<Uploaded> {
  const { body, signal } = options;
  const parts = ownSource(partsOf(body, PARTS_AT_ONCE + 1), key, signal);
  const first = await parts.next();
  const second = first.done ? first : await parts.next();
  if (!first.done && !second.done) {
    const all = chain([first.value, second.value], parts);
    return putParts(place, key, { parts: all, stop: () => body.destroy(), signal });
  }
  assertGoingOn(key, signal);
  if (first.done) return putBytes(place, key, { body: Buffer.alloc(0), overwrite: false });
  const { bytes, md5, release } = first.value;
  return putBytes(place, key, { body: bytes, md5, overwrite: false }).finally(release);
}

/** The same in parts, however small it is. */
export async function putParts(
  place: S3Place,
  key: string,
  { signal, ...source }: { parts: AsyncIterable<Part>; stop(): void; signal: AbortSignal },
): Promise<Uploaded> {
  const target = { Bucket: place.bucket, Key: place.prefix + key };
  let uploadId: string | undefined;
  let sent: { sizeBytes: number; etag: string } | null = null;
  try {
    // Not cut off by the signal: parts would be left below an id that nobody knows.
    uploadId = (await place.client.send(new CreateMultipartUploadCommand(target))).UploadId;
    const upload = { ...target, UploadId: uploadId };
    const stored = await sendParts(place.client, upload, { ...source, signal });
    assertGoingOn(key, signal);
    sent = describeParts(stored);
    const Parts = stored.map(({ etag, number }) => ({ ETag: etag, PartNumber: number }));
    // It makes the object: cut off by the signal, it would leave in doubt whether that is there.
    const answer = await place.client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, IfNoneMatch: "*" }),
    );
    return { ...sent, versionId: answer.VersionId };
  } catch (error) {
    const isTakenBack = await takeBack(place, key, uploadId);
    try {
      if (sent) return await settle(place, key, { error, sent });
      throw toEngineError(error, { operation: "store", key, location: place.location, signal });
    } catch (failure) {
      throw isTakenBack ? failure : withRemainder(failure);
    }
  }
}

/** Tells a failure of what produces the bytes from one of the store. */
async function* ownSource(parts: AsyncIterable<Part>, key: string, signal: AbortSignal): AsyncGenerator<Part> {
  try {
    yield* parts;
  } catch (error) {
    throw toBrokenSource(error, { engine: "s3", key, signal });
  }
}

async function* chain(first: readonly Part[], rest: AsyncIterable<Part>): AsyncGenerator<Part> {
  yield* first;
  yield* rest;
}

function assertGoingOn(key: string, signal: AbortSignal): void {
  if (signal.aborted) throw new CancelledError(`stopped while it had to store "${key}"`);
}

/** All was sent, but the answer to the last request was lost or was a refusal: the store may have the object. */
async function settle(
  place: S3Place,
  key: string,
  outcome: { error: unknown; sent: { sizeBytes: number; etag: string } },
): Promise<Uploaded> {
  const failure = toEngineError(outcome.error, { operation: "store", key, location: place.location });
  if (failure instanceof EngineError && failure.permanent && !isRefusedAsPresent(outcome.error)) throw failure;
  const head = await headObject(place, key, {});
  if (head?.etag !== outcome.sent.etag || head.sizeBytes !== outcome.sent.sizeBytes) {
    throw isRefusedAsPresent(outcome.error) ? differs(place, key) : failure;
  }
  return { ...outcome.sent, versionId: head.versionId };
}

function isRefusedAsPresent(error: unknown): boolean {
  return error instanceof Error && error.name === "PreconditionFailed";
}

/** The rule of the port: an object is never overwritten with different content. */
export function differs(place: S3Place, key: string): EngineError {
  return new EngineError(`"${key}" at ${place.location} exists already with different content; it was left as it is`, {
    engine: "s3",
    operation: "store",
    permanent: true,
    hint: "Does another Holdfast write to the same bucket and prefix?",
  });
}

/** Frees the parts of an upload that will not be completed. Returns false when the store did not confirm it. */
async function takeBack(place: S3Place, key: string, uploadId: string | undefined): Promise<boolean> {
  if (uploadId === undefined) return true;
  try {
    await place.client.send(
      new AbortMultipartUploadCommand({ Bucket: place.bucket, Key: place.prefix + key, UploadId: uploadId }),
      { abortSignal: AbortSignal.timeout(ABORT_TIMEOUT_MS) },
    );
    return true;
  } catch (error) {
    return error instanceof Error && error.name === "NoSuchUpload";
  }
}

function withRemainder(failure: unknown): unknown {
  if (!(failure instanceof EngineError)) return failure;
  const { message, engine, operation, permanent, hint = "", cause } = failure;
  const left = "Parts of the upload may be left; the next clean-up of unfinished uploads removes them.";
  return new EngineError(message, { engine, operation, permanent, hint: `${hint} ${left}`.trim(), cause });
}
