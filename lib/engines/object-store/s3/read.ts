import type { Readable } from "node:stream";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { EngineError } from "@/lib/kernel/errors";
import { streamOf } from "@/lib/engines/shared/measured-stream";
import { toEngineError } from "./map";
import type { S3Place } from "./place";

/** Breaks in a row without a single byte in between. */
const FRUITLESS_BREAKS_MAX = 3;

interface Opened {
  body: Readable;
  sizeBytes: number;
  etag: string;
}

/**
 * The object's bytes. A restore may take minutes for a few of them, and stores close connections that rest: a broken
 * connection is taken up again where it ended, and only of the same content.
 */
export async function readObject(place: S3Place, key: string, signal: AbortSignal): Promise<Readable> {
  const closed = new AbortController();
  const ended = AbortSignal.any([signal, closed.signal]);
  const first = await open(place, key, { offset: 0, ended, signal });
  return streamOf(readOn(place, key, { first, ended, signal }), () => closed.abort());
}

async function* readOn(
  place: S3Place,
  key: string,
  options: { first: Opened; ended: AbortSignal; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const { first, ended, signal } = options;
  let opened: Opened | null = first;
  let offset = 0;
  let breaks = 0;
  while (offset < first.sizeBytes) {
    try {
      opened ??= await open(place, key, { offset, ended, signal, etag: first.etag });
      for await (const chunk of opened.body as AsyncIterable<Buffer>) {
        offset += chunk.length;
        breaks = 0;
        yield chunk;
      }
    } catch (error) {
      if (signal.aborted || ended.aborted || isFinal(error)) throw toEngineError(error, attemptOf(place, key, signal));
    }
    opened = null;
    breaks += 1;
    if (offset < first.sizeBytes && breaks >= FRUITLESS_BREAKS_MAX) throw brokeOff(place, key, { offset, first });
  }
  if (offset > first.sizeBytes) throw brokeOff(place, key, { offset, first });
}

async function open(
  place: S3Place,
  key: string,
  options: { offset: number; ended: AbortSignal; signal: AbortSignal; etag?: string },
): Promise<Opened> {
  const { offset, etag, ended, signal } = options;
  try {
    const answer = await place.client.send(
      new GetObjectCommand({
        Bucket: place.bucket,
        Key: place.prefix + key,
        ...(offset > 0 ? { Range: `bytes=${offset}-` } : {}),
        ...(etag ? { IfMatch: etag } : {}),
      }),
      { abortSignal: ended },
    );
    const body = answer.Body as Readable;
    // The SDK's signal ends with the headers; a reader who goes away must close the connection too.
    ended.addEventListener("abort", () => body.destroy(), { once: true });
    return { body, sizeBytes: offset + (answer.ContentLength ?? 0), etag: answer.ETag ?? "" };
  } catch (error) {
    throw toEngineError(error, attemptOf(place, key, signal));
  }
}

function attemptOf(place: S3Place, key: string, signal: AbortSignal) {
  return { operation: "read", key, location: place.location, signal };
}

/** Deleted, replaced or forbidden meanwhile: another try cannot help. */
function isFinal(error: unknown): boolean {
  return error instanceof EngineError && error.permanent;
}

function brokeOff(place: S3Place, key: string, seen: { offset: number; first: Opened }): EngineError {
  return new EngineError(
    `"${key}" at ${place.location} broke off after ${seen.offset} of ${seen.first.sizeBytes} bytes`,
    {
      engine: "s3",
      operation: "read",
      permanent: false,
      hint: "Does the store still run, and is the network to it sound?",
    },
  );
}
