import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type MultipartUpload,
} from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import { assertObjectKey } from "@/lib/engines/shared/object-key";
import type { ObjectInfo, ObjectStore, StoreFacts, StoredObject } from "../port";
import type { S3Config } from "./config";
import { headObject } from "./head-object";
import { nameOf, statusOf, toEngineError } from "./map";
import { type S3Place, placeOf } from "./place";
import { proveLock } from "./prove-lock";
import { keepLocked } from "./protect";
import { readObject } from "./read";
import { revealObjects } from "./reveal";
import { replaceBytes, storeBytes, storeObject } from "./store-object";
import { watchStoreTime } from "./store-time";

/** A larger body that is known whole goes in parts as well: what is lost with one request is small. */
const SINGLE_REQUEST_BYTES_MAX = 8 * 2 ** 20;

/** Opens a bucket of Amazon S3 or of a store that speaks its protocol. Asks nothing of it before the first call. */
export function openS3Store(config: S3Config): ObjectStore {
  return new S3Store(placeOf(config));
}

class S3Store implements ObjectStore {
  readonly location: string;
  readonly #place: S3Place;
  readonly proveLock: ObjectStore["proveLock"];
  readonly keepLocked: ObjectStore["keepLocked"];

  constructor(place: S3Place) {
    this.#place = place;
    this.location = place.location;
    this.proveLock = place.lock ? (prefix, options) => proveLock(place, prefix, options) : undefined;
    this.keepLocked = place.lock ? (key, options) => keepLocked(place, key, options) : undefined;
  }

  async put(key: string, body: Readable | Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    const { signal } = options;
    assertObjectKey(this.#place.prefix + key, "s3");
    if (body instanceof Readable) return storeObject(this.#place, key, { body, signal });
    if (body.length <= SINGLE_REQUEST_BYTES_MAX) return storeBytes(this.#place, key, { body, signal });
    return storeObject(this.#place, key, { body: Readable.from([body], { objectMode: false }), signal });
  }

  async replace(key: string, body: Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject> {
    assertObjectKey(this.#place.prefix + key, "s3");
    return replaceBytes(this.#place, key, { body, signal: options.signal });
  }

  async get(key: string, options: { signal: AbortSignal }): Promise<Readable> {
    assertObjectKey(this.#place.prefix + key, "s3");
    return readObject(this.#place, key, options.signal);
  }

  async head(key: string, options: { signal: AbortSignal }): Promise<ObjectInfo | null> {
    assertObjectKey(this.#place.prefix + key, "s3");
    const head = await headObject(this.#place, key, options);
    if (!head) return null;
    const { sizeBytes, modifiedAt, lockedUntil } = head;
    return { key, sizeBytes, modifiedAt, ...(lockedUntil ? { lockedUntil } : {}) };
  }

  async *list(prefix: string, options: { signal: AbortSignal }): AsyncGenerator<ObjectInfo> {
    const { bucket, prefix: root } = this.#place;
    let token: string | undefined;
    do {
      const page = await this.#ask("list", options.signal, (abortSignal) =>
        this.#place.client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: root + prefix,
            ...(token ? { ContinuationToken: token } : {}),
          }),
          { abortSignal },
        ),
      );
      for (const object of page.Contents ?? []) {
        const key = object.Key?.slice(root.length) ?? "";
        // Some tools leave empty objects that stand for folders.
        if (key === "" || key.endsWith("/")) continue;
        yield { key, sizeBytes: object.Size ?? 0, modifiedAt: object.LastModified ?? new Date(0) };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(key: string, options: { signal: AbortSignal }): Promise<void> {
    assertObjectKey(this.#place.prefix + key, "s3");
    // Only what is there: a versioned bucket would note the deletion of nothing.
    if ((await headObject(this.#place, key, options)) === null) return;
    await this.#ask(`delete "${key}" of`, options.signal, (abortSignal) =>
      this.#place.client.send(new DeleteObjectCommand({ Bucket: this.#place.bucket, Key: this.#place.prefix + key }), {
        abortSignal,
      }),
    );
  }

  reveal(prefix: string, options: { since: Date; signal: AbortSignal }): Promise<number> {
    return revealObjects(this.#place, prefix, options);
  }

  async abortUnfinishedUploads(olderThan: Date, options: { signal: AbortSignal; below?: string }): Promise<number> {
    let count = 0;
    for (const upload of await this.#unfinishedUploads(options.below ?? "", options.signal)) {
      if (!upload.Initiated || upload.Initiated >= olderThan) continue;
      const isGone = await this.#ask("clean up", options.signal, (abortSignal) =>
        this.#place.client
          .send(
            new AbortMultipartUploadCommand({
              Bucket: this.#place.bucket,
              Key: upload.Key,
              UploadId: upload.UploadId,
            }),
            { abortSignal },
          )
          .then(() => true)
          .catch((error: unknown) => {
            if (nameOf(error) === "NoSuchUpload") return false; // it ended by itself meanwhile
            throw error;
          }),
      );
      if (isGone) count += 1;
    }
    return count;
  }

  async inspect(options: { signal: AbortSignal }): Promise<StoreFacts> {
    const { client, bucket, prefix } = this.#place;
    const { signal } = options;
    const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
    const at = watchStoreTime(list);
    await this.#ask("open", signal, (abortSignal) => client.send(list, { abortSignal }));
    const versioning = await this.#askWhenAllowed(signal, (abortSignal) =>
      client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal }),
    );
    const lock = await this.#askWhenAllowed(signal, (abortSignal) =>
      client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), { abortSignal }),
    );
    return {
      location: this.location,
      versioning: versioning === "unknown" ? "unknown" : versioning?.Status === "Enabled" ? "on" : "off",
      objectLock:
        lock === "unknown" ? "unknown" : lock?.ObjectLockConfiguration?.ObjectLockEnabled === "Enabled" ? "on" : "off",
      ...at(),
    };
  }

  async #unfinishedUploads(below: string, signal: AbortSignal): Promise<MultipartUpload[]> {
    const found: MultipartUpload[] = [];
    let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (marker) {
      const from: { KeyMarker?: string; UploadIdMarker?: string } = marker;
      const page = await this.#ask("list the unfinished uploads of", signal, (abortSignal) =>
        this.#place.client.send(
          new ListMultipartUploadsCommand({ Bucket: this.#place.bucket, Prefix: this.#place.prefix + below, ...from }),
          { abortSignal },
        ),
      );
      found.push(...(page.Uploads ?? []));
      const next = { KeyMarker: page.NextKeyMarker ?? "", UploadIdMarker: page.NextUploadIdMarker ?? "" };
      marker = page.IsTruncated && next.KeyMarker !== "" ? next : undefined;
    }
    return found;
  }

  async #ask<T>(operation: string, signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await send(signal);
    } catch (error) {
      throw toEngineError(error, { operation, location: this.location, signal });
    }
  }

  /** `unknown` when the credentials may not ask, undefined when the bucket has no such configuration. */
  async #askWhenAllowed<T>(
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | "unknown" | undefined> {
    try {
      return await send(signal);
    } catch (error) {
      if (signal.aborted) throw toEngineError(error, { operation: "open", location: this.location, signal });
      if (statusOf(error) === 404) return undefined;
      const isRefused = [400, 403, 405, 501].includes(statusOf(error) ?? 0);
      if (isRefused) return "unknown";
      throw toEngineError(error, { operation: "open", location: this.location, signal });
    }
  }
}
