import type { Readable } from "node:stream";
import { CancelledError } from "@/lib/kernel/errors";
import { toBrokenSource } from "@/lib/engines/shared/broken-source";
import { bytesOf } from "@/lib/engines/shared/parts";
import { type Measure, Meter, holdError } from "@/lib/engines/shared/measured-stream";
import type { StoredObject } from "../port";
import { type Head, headObject } from "./head-object";
import type { S3Place } from "./place";
import { confirmStored, lockObject, yieldToEarlierVersion } from "./protect";
import { readObject } from "./read";
import { type Uploaded, differs, putBytes, putStream } from "./upload";

/** Stores a body under a key that is free, or finds the same content there. The body is closed in every case. */
export async function storeObject(
  place: S3Place,
  key: string,
  options: { body: Readable; signal: AbortSignal },
): Promise<StoredObject> {
  const { body, signal } = options;
  holdError(body);
  const stop = () => body.destroy(new CancelledError(`stopped while it had to store "${key}"`));
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) throw new CancelledError(`stopped before it stored "${key}"`);
    const present = await headObject(place, key, { signal });
    if (present) return await keepPresent(place, key, { present, body: bytesOf(body), signal });
    return await keepUploaded(place, key, await putStream(place, key, { body, signal }));
  } finally {
    signal.removeEventListener("abort", stop);
    body.destroy();
  }
}

/** The same for a body that is known whole and small: one request, without parts. */
export async function storeBytes(
  place: S3Place,
  key: string,
  options: { body: Uint8Array; signal: AbortSignal },
): Promise<StoredObject> {
  const { body, signal } = options;
  if (signal.aborted) throw new CancelledError(`stopped before it stored "${key}"`);
  const present = await headObject(place, key, { signal });
  if (present) return keepPresent(place, key, { present, body: [body], signal });
  return keepUploaded(place, key, await putBytes(place, key, { body, overwrite: false }));
}

/** Replaces what is there. Pointers are not locked: their older versions would only pile up. */
export async function replaceBytes(
  place: S3Place,
  key: string,
  options: { body: Uint8Array; signal: AbortSignal },
): Promise<StoredObject> {
  if (options.signal.aborted) throw new CancelledError(`stopped before it replaced "${key}"`);
  const uploaded = await putBytes(place, key, { body: options.body, overwrite: true });
  await confirmStored(place, key, uploaded);
  return { sizeBytes: uploaded.sizeBytes };
}

async function keepUploaded(place: S3Place, key: string, uploaded: Uploaded): Promise<StoredObject> {
  await confirmStored(place, key, uploaded);
  await yieldToEarlierVersion(place, key, uploaded);
  return described(uploaded, await lockObject(place, key, uploaded.versionId));
}

/** Something is there already: right if it is the same, and then it only gets the lock that a crash may have left out. */
async function keepPresent(
  place: S3Place,
  key: string,
  options: { present: Head; body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>; signal: AbortSignal },
): Promise<StoredObject> {
  const { present, body, signal } = options;
  const limits = { key, bytesMax: present.sizeBytes, signal };
  const sent = await measure(body, limits);
  if (sent?.sizeBytes !== present.sizeBytes) throw differs(place, key);
  const there = await measure(await readObject(place, key, signal), limits);
  if (there?.sha256 !== sent.sha256) throw differs(place, key);
  return described(sent, present.lockedUntil ?? (await lockObject(place, key, present.versionId)));
}

function described({ sizeBytes }: { sizeBytes: number }, lockedUntil: Date | undefined): StoredObject {
  return { sizeBytes, ...(lockedUntil ? { lockedUntil } : {}) };
}

/** Null as soon as there are more bytes than could be equal. */
async function measure(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: { key: string; bytesMax: number; signal: AbortSignal },
): Promise<Measure | null> {
  const { key, bytesMax, signal } = options;
  const meter = new Meter();
  try {
    for await (const chunk of bytes) {
      meter.add(chunk);
      if (meter.sizeBytes > bytesMax) return null;
    }
  } catch (error) {
    throw toBrokenSource(error, { engine: "s3", key, signal });
  }
  return meter.finish();
}
