import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { newToken } from "@/lib/kernel/ids";
import { Secret } from "@/lib/kernel/secret";
import { runProgram } from "@/lib/engines/shared/process";
import { killStoreProcesses } from "./kill-store-processes";

const START = fileURLToPath(new URL("./start-s3", import.meta.url));
const STOP = fileURLToPath(new URL("./stop-s3", import.meta.url));

export interface ObjectStoreServerOptions {
  /** Holds everything of the store. What an earlier start left there is used again, with its port and keys. */
  directory: string;
  /** 0 or absent takes a free one, and keeps it for later starts in this directory. */
  port?: number;
  /** `memory` starts in under 2 s and is empty after a crash; `disk` (the default) takes 5 s and survives kill -9. */
  keepIn?: "memory" | "disk";
  /** How much the store holds, in bytes. Counts when the directory is made. */
  sizeBytes?: number;
  signal?: AbortSignal;
}

export interface ObjectStoreServer {
  directory: string;
  endpoint: string;
  region: string;
  port: number;
  accessKeyId: Secret;
  secretAccessKey: Secret;
  /** Clean end; the data stays. Twice is once. */
  stop(): Promise<void>;
  /** kill -9 of all its processes at once: what the loss of a site does to its store. */
  kill(): Promise<void>;
}

/**
 * Starts a real S3 store (Ceph's RADOS gateway) on 127.0.0.1 and waits until it answers. A store that runs already is
 * only reported; one that was stopped or killed is started on its old data. Its keys are made on the first start.
 * @throws EngineError when a package is missing, the port is taken or it does not come up
 */
export async function startObjectStoreServer(options: ObjectStoreServerOptions): Promise<ObjectStoreServer> {
  const { directory, port = 0, keepIn = "disk" } = options;
  const settings = await runProgram({
    engine: "object-store-server",
    operation: "start the object store",
    program: START,
    args: [directory, String(port)],
    env: {
      S3_NO_INSTALL: "1",
      S3_STORE: keepIn === "memory" ? "memstore" : "bluestore",
      S3_ACCESS_KEY: newToken(10).toUpperCase(),
      S3_SECRET_KEY: newToken(20),
      S3_ACCESS_KEY_2: newToken(10).toUpperCase(),
      S3_SECRET_KEY_2: newToken(20),
      ...(options.sizeBytes ? { S3_SIZE: String(options.sizeBytes) } : {}),
    },
    signal: options.signal ?? new AbortController().signal,
    hint: `Are the packages radosgw, ceph-mon and ceph-osd installed? The logs lie in "${join(directory, "log")}".`,
  });
  return describeServer(directory, settings);
}

/** The store that an earlier start made in this directory, or null; it need not run. */
export async function findObjectStoreServer(directory: string): Promise<ObjectStoreServer | null> {
  try {
    return describeServer(directory, await readFile(join(directory, "env"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Makes a bucket with versioning, and with Object Lock when asked. One that exists already is left as it is. */
export async function createBucket(
  server: ObjectStoreServer,
  bucket: string,
  options: { versioning?: boolean; objectLock?: boolean } = {},
): Promise<void> {
  const client = new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKeyId.reveal(), secretAccessKey: server.secretAccessKey.reveal() },
  });
  try {
    await client.send(
      new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: options.objectLock ?? false }),
    );
    if (options.versioning ?? true) {
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
      );
    }
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: {
          Rules: [
            {
              ID: "unfinished-uploads",
              Status: "Enabled",
              Filter: { Prefix: "" },
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
            },
          ],
        },
      }),
    );
  } finally {
    client.destroy();
  }
}

/** From the `KEY=VALUE` lines of start-s3. */
function describeServer(directory: string, text: string): ObjectStoreServer {
  const settings = new Map(text.split("\n").map((line) => [line.split("=", 1)[0] ?? "", line.replace(/^[^=]*=/, "")]));
  const value = (name: string) => {
    const found = settings.get(name);
    if (!found) throw new Error(`start-s3 did not tell ${name} of the store in "${directory}"`);
    return found;
  };
  const endpoint = value("S3_ENDPOINT");
  return {
    directory,
    endpoint,
    region: value("S3_REGION"),
    port: Number(new URL(endpoint).port),
    accessKeyId: new Secret(value("S3_ACCESS_KEY")),
    secretAccessKey: new Secret(value("S3_SECRET_KEY")),
    stop: () => stopServer(directory),
    kill: () => killStoreProcesses(directory),
  };
}

async function stopServer(directory: string): Promise<void> {
  await runProgram({
    engine: "object-store-server",
    operation: "stop the object store",
    program: STOP,
    args: [directory],
    signal: new AbortController().signal,
    hint: `Does a process listed in "${join(directory, "run")}" still run?`,
  });
}
