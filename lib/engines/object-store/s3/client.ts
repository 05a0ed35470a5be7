import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { DEFAULT_TIMEOUTS, type S3Config } from "./config";

/** Tries of one request when the store answers with an error that may pass, or refuses the connection. */
const ATTEMPTS_MAX = 5;
/** Tries of one request that ends by a timeout: each has cost its full time. */
const TIMEOUT_ATTEMPTS_MAX = 2;
const FIRST_DELAY_MS = 200;
/** The SDK calls a connection that broke off a timeout as well, but it has cost no time. */
const BROKE_OFF = new Set(["ECONNRESET", "EPIPE"]);

type RetryStrategy = Extract<NonNullable<S3ClientConfig["retryStrategy"]>, { recordSuccess: unknown }>;
type RetryToken = Parameters<RetryStrategy["recordSuccess"]>[0];

export function createClient(config: S3Config): S3Client {
  const { connectMs, idleMs } = config.timeouts ?? DEFAULT_TIMEOUTS;
  const client = new S3Client({
    region: config.region,
    ...(config.endpoint ? { endpoint: config.endpoint, forcePathStyle: true } : {}),
    credentials: { accessKeyId: config.accessKeyId.reveal(), secretAccessKey: config.secretAccessKey.reveal() },
    // Content-MD5 guards each part. The SDK's own checksums are neither checked nor kept by every store.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: connectMs, socketTimeout: idleMs },
    retryStrategy: new BoundedRetry(),
  });
  signDigestOnly(client);
  return client;
}

/**
 * A body with Content-MD5 is bound to its signature by that header, which the store checks. The SDK would hash it once
 * more with SHA-256, and so would the store: a fifth of the time that an upload takes here.
 */
function signDigestOnly(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { headers?: Record<string, string> };
      if (headers && hasDigest(headers)) headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
      return next(args);
    },
    { step: "build", name: "signDigestOnly" },
  );
}

function hasDigest(headers: Record<string, string>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === "content-md5");
}

/** Waits 200, 400, 800, 1600 ms between tries; what the client did wrong is not tried again. */
class BoundedRetry implements RetryStrategy {
  async acquireInitialRetryToken(): Promise<RetryToken> {
    return tokenOf(0);
  }

  async refreshRetryTokenForRetry(
    token: RetryToken,
    failure: Parameters<RetryStrategy["refreshRetryTokenForRetry"]>[1],
  ): Promise<RetryToken> {
    const count = token.getRetryCount() + 1;
    const attemptsMax = isTimeout(failure.error) ? TIMEOUT_ATTEMPTS_MAX : ATTEMPTS_MAX;
    const mayPass = failure.errorType === "TRANSIENT" || failure.errorType === "THROTTLING";
    if (!mayPass || count >= attemptsMax) throw new Error("this request is not tried again");
    return tokenOf(count);
  }

  recordSuccess(): void {
    // Nothing is counted beyond one request.
  }
}

function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "TimeoutError") return false;
  return !BROKE_OFF.has(String((error as NodeJS.ErrnoException).code));
}

function tokenOf(count: number): RetryToken {
  return {
    getRetryCount: () => count,
    getRetryDelay: () => (count === 0 ? 0 : FIRST_DELAY_MS * 2 ** (count - 1)),
  };
}
