import { createHash } from "node:crypto";
import { type S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import type { Part } from "@/lib/engines/shared/parts";

/** Requests under way at once: what one of them waits for, another one uses. */
export const PARTS_AT_ONCE = 2;

export interface StoredPart {
  number: number;
  /** As the store tells it. */
  etag: string | undefined;
  md5: Buffer;
  sizeBytes: number;
}

/**
 * Each part with its Content-MD5 to an upload that was begun. Rejects with the first failure, once no request is under
 * way any more; `stop` ends what produces the parts.
 */
export async function sendParts(
  client: S3Client,
  upload: { Bucket: string; Key: string; UploadId: string | undefined },
  options: { parts: AsyncIterable<Part>; stop(): void; signal: AbortSignal },
): Promise<StoredPart[]> {
  const stored: StoredPart[] = [];
  const underWay = new Set<Promise<void>>();
  const failing = new AbortController();
  const abortSignal = AbortSignal.any([options.signal, failing.signal]);
  const send = async (part: Part, number: number) => {
    const { bytes, md5, release } = part;
    try {
      const input = { ...upload, PartNumber: number, Body: bytes, ContentMD5: md5.toString("base64") };
      const { ETag } = await client.send(new UploadPartCommand(input), { abortSignal });
      stored[number - 1] = { number, etag: ETag, md5, sizeBytes: bytes.length };
    } catch (error) {
      if (!failing.signal.aborted) failing.abort(error);
      options.stop();
    } finally {
      release();
    }
  };
  try {
    let number = 0;
    for await (const part of options.parts) {
      const sending: Promise<void> = send(part, ++number).finally(() => underWay.delete(sending));
      underWay.add(sending);
      if (underWay.size >= PARTS_AT_ONCE) await Promise.race(underWay);
      failing.signal.throwIfAborted();
    }
  } catch (error) {
    if (!failing.signal.aborted) failing.abort(error);
  }
  await Promise.all(underWay);
  failing.signal.throwIfAborted();
  return stored;
}

/** The size and S3's ETag of an object in parts: `<MD5 of the parts' MD5>-<parts>`. */
export function describeParts(parts: readonly StoredPart[]): { sizeBytes: number; etag: string } {
  const all = Buffer.concat(parts.map(({ md5 }) => md5));
  return {
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    etag: `${createHash("md5").update(all).digest("hex")}-${parts.length}`,
  };
}
