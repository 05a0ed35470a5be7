import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type PutObjectCommandOutput,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { EngineError } from "@/lib/kernel/errors";
import { toBrokenSource } from "@/lib/engines/shared/broken-source";
import { streamOf } from "@/lib/engines/shared/measured-stream";
import { headObject } from "./head-object";
import { toEngineError } from "./map";
import type { S3Place } from "./place";

/** 10,000 of them make 320 GB. */
const PART_BYTES = 32 * 2 ** 20;
/** Parts in flight: with the one that is being filled and its copy, the memory that an upload takes. */
const PARTS_AT_ONCE = 2;
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
  options: { body: Uint8Array; overwrite: boolean },
): Promise<Uploaded> {
  const digest = createHash("md5").update(options.body).digest();
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
  const ledger = new PartLedger();
  const source = streamOf(body, () => body.destroy());
  const upload = new Upload({
    client: checkedClient(place.client, ledger, signal),
    params: { Bucket: place.bucket, Key: place.prefix + key, Body: source, IfNoneMatch: "*" },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
    leavePartsOnError: true, // we take them back ourselves, and wait for it
  });
  try {
    const answer: PutObjectCommandOutput = await upload.done();
    return { ...ledger.sent(), versionId: answer.VersionId };
  } catch (error) {
    body.destroy();
    const isTakenBack = await takeBack(place, key, ledger.uploadId);
    try {
      if (source.errored) throw toBrokenSource(source.errored, { engine: "s3", key, signal });
      if (!source.readableEnded || signal.aborted) {
        throw toEngineError(error, { operation: "store", key, location: place.location, signal });
      }
      return await settle(place, key, { error, sent: ledger.sent() });
    } catch (failure) {
      throw isTakenBack ? failure : withRemainder(failure);
    }
  }
}

/** Size and MD5 of each part, and what S3 makes of them. */
class PartLedger {
  uploadId: string | undefined;
  readonly #parts = new Map<number, { digest: Buffer; sizeBytes: number }>();
  #isWhole = false;

  add(partNumber: number | undefined, body: Uint8Array): string {
    const digest = createHash("md5").update(body).digest();
    this.#isWhole = partNumber === undefined;
    this.#parts.set(partNumber ?? 1, { digest, sizeBytes: body.length });
    return digest.toString("base64");
  }

  sent(): { sizeBytes: number; etag: string } {
    const parts = [...this.#parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    return { sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0), etag: this.#etag(parts) };
  }

  /** `<md5>` of one request, `<md5 of the parts' md5>-<parts>` of several. */
  #etag(parts: readonly { digest: Buffer }[]): string {
    const all = Buffer.concat(parts.map(({ digest }) => digest));
    return this.#isWhole ? all.toString("hex") : `${createHash("md5").update(all).digest("hex")}-${parts.length}`;
  }
}

/**
 * lib-storage sends its requests without Content-MD5 and without our signal: this client adds both. Only parts are
 * cut off by the signal. The last request makes the object, so cutting it off would leave in doubt whether it is there.
 */
function checkedClient(client: S3Client, ledger: PartLedger, signal: AbortSignal): S3Client {
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof UploadPartCommand) {
      command.input.ContentMD5 = ledger.add(command.input.PartNumber, command.input.Body as Uint8Array);
      return client.send(command, { abortSignal: signal });
    }
    if (command instanceof PutObjectCommand) {
      command.input.ContentMD5 = ledger.add(undefined, command.input.Body as Uint8Array);
      return client.send(command);
    }
    const answer = await client.send(command as CreateMultipartUploadCommand);
    if (command instanceof CreateMultipartUploadCommand) ledger.uploadId = answer.UploadId;
    return answer;
  };
  const checked = Object.create(client) as S3Client;
  checked.send = send as S3Client["send"];
  return checked;
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
