import type { Secret } from "@/lib/kernel/secret";

/** Where an S3 store is and how to enter it. */
export interface S3Config {
  /** Absent: Amazon's own endpoint of the region. Present: any other store, addressed by path. */
  endpoint?: string | undefined;
  bucket: string;
  /** Keys go below it; slashes around it do not matter. */
  prefix?: string | undefined;
  region: string;
  accessKeyId: Secret;
  secretAccessKey: Secret;
  /** Each object is locked for so many days after it was stored. The bucket must have Object Lock. */
  lock?: { mode: "compliance" | "governance"; days: number } | undefined;
  timeouts?: S3Timeouts | undefined;
}

export interface S3Timeouts {
  /** For a connection to be made. */
  connectMs: number;
  /** Without a byte in either direction. */
  idleMs: number;
}

/** A refused connection fails in about 3 s, one that hangs in about 30 s: it is tried twice, and the SDK looks at
 *  idle sockets only from the third second on. */
export const DEFAULT_TIMEOUTS: S3Timeouts = { connectMs: 5_000, idleMs: 13_000 };

/** `prod/`, or nothing. */
export function prefixOf(config: S3Config): string {
  const trimmed = (config.prefix ?? "").replace(/^\/+|\/+$/g, "");
  return trimmed === "" ? "" : `${trimmed}/`;
}

/** For people: `s3://bucket/prefix at http://127.0.0.1:7480`. */
export function locationOf(config: S3Config): string {
  const path = `s3://${config.bucket}/${prefixOf(config)}`.replace(/\/$/, "");
  return `${path} at ${config.endpoint ? new URL(config.endpoint).origin : config.region}`;
}
