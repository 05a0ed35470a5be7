import type { S3Client } from "@aws-sdk/client-s3";
import { createClient } from "./client";
import { type S3Config, locationOf, prefixOf } from "./config";

/** A bucket with the client that reaches it: what every file of this engine works on. */
export interface S3Place {
  client: S3Client;
  bucket: string;
  /** Ends with a slash, or is empty. */
  prefix: string;
  location: string;
  /** Amazon itself honours If-None-Match everywhere; another store may ignore it. */
  isAmazon: boolean;
  lock: S3Config["lock"];
}

export function placeOf(config: S3Config): S3Place {
  return {
    client: createClient(config),
    bucket: config.bucket,
    prefix: prefixOf(config),
    location: locationOf(config),
    isAmazon: config.endpoint === undefined,
    lock: config.lock,
  };
}
