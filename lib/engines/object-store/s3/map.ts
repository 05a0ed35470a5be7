import { S3ServiceException } from "@aws-sdk/client-s3";
import { CancelledError, EngineError, HoldfastError } from "@/lib/kernel/errors";

export interface Attempt {
  /** In the words of the operator: `store`, `read`, `list`. */
  operation: string;
  /** What it was done to; absent for the whole store. */
  key?: string;
  location: string;
  signal?: AbortSignal;
}

interface Meaning {
  cause: string;
  permanent: boolean;
  hint: string;
}

const permanent = (cause: string, hint: string): Meaning => ({ cause, permanent: true, hint });
const passing = (cause: string, hint: string): Meaning => ({ cause, permanent: false, hint });

const PERMISSIONS =
  "Do the keys hold s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload here?";
const REACHABLE = "Does the store run, and can this machine reach its endpoint?";
const FULL = "Free space in the store, or raise its quota; retention may be keeping more than it holds.";
const REGION = "Compare the repository's region with the bucket's own.";

const BY_NAME: Record<string, Meaning> = {
  AccessDenied: permanent("the credentials lack a permission", PERMISSIONS),
  Forbidden: permanent("the store refuses the credentials", PERMISSIONS),
  NoSuchBucket: permanent("the bucket does not exist", "Is the repository's bucket spelled right, and still there?"),
  NoSuchKey: permanent("there is no such object", "Was it deleted, or never stored? `repository check` compares."),
  SignatureDoesNotMatch: permanent("the secret key is wrong", "Compare the repository's secretAccessKey."),
  InvalidAccessKeyId: permanent("the access key is unknown", "Compare the repository's accessKeyId with the store's."),
  ExpiredToken: permanent("the credentials have expired", "Give the repository keys that are valid now."),
  InvalidBucketName: permanent("the bucket's name is not valid", "Is the repository's bucket spelled right?"),
  InvalidObjectState: permanent("the object is archived", "Bring it back from the archive tier first."),
  RequestTimeTooSkewed: permanent("the clocks differ too much", "Is this machine's clock right? Check its NTP."),
  RequestExpired: permanent("the clocks differ too much", "Is this machine's clock right? Check its NTP."),
  AuthorizationHeaderMalformed: permanent("the region is wrong", REGION),
  PermanentRedirect: permanent("the bucket lives elsewhere", REGION),
  IllegalLocationConstraintException: permanent("the region is wrong", REGION),
  InvalidRequest: permanent(
    "the store does not accept the request",
    "Where the repository declares a lock, its bucket must have Object Lock.",
  ),
  EntityTooLarge: permanent("the object is larger than the store takes", "A part may have at most 320 GB."),
  ObjectLockConfigurationNotFoundError: permanent(
    "the bucket has no Object Lock",
    "Object Lock must be on when the bucket is made; leave `lock` out, or use another bucket.",
  ),
  QuotaExceeded: passing("the store's quota is used up", FULL),
  InsufficientStorage: passing("the store is full", FULL),
  BadDigest: passing("the bytes changed on their way", "Try again; if it stays, look at the network in between."),
  TimeoutError: passing("the store does not answer", REACHABLE),
  SlowDown: passing("the store asks to slow down", "Try again later; too many requests at once?"),
  ECONNREFUSED: passing("the connection is refused", REACHABLE),
  ECONNRESET: passing("the connection broke off", REACHABLE),
  EPIPE: passing("the connection broke off", REACHABLE),
  ETIMEDOUT: passing("the store does not answer", REACHABLE),
  EHOSTUNREACH: passing("the store cannot be reached", REACHABLE),
  ENETUNREACH: passing("the store cannot be reached", REACHABLE),
  ENOTFOUND: passing("the endpoint's name is not known", "Is the repository's endpoint spelled right? Check DNS."),
  EAI_AGAIN: passing("the endpoint's name cannot be looked up", "Check this machine's DNS."),
  CERT_HAS_EXPIRED: permanent("the endpoint's certificate has expired", "Renew the certificate of the store."),
  DEPTH_ZERO_SELF_SIGNED_CERT: permanent(
    "the endpoint's certificate is not trusted",
    "Add its authority to NODE_EXTRA_CA_CERTS.",
  ),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: permanent(
    "the endpoint's certificate is not trusted",
    "Add its authority to NODE_EXTRA_CA_CERTS.",
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: permanent("the endpoint's certificate has another name", "Is the endpoint right?"),
  EPROTO: permanent("the endpoint does not speak TLS", "Should the endpoint begin with http://?"),
};

/**
 * Anything that a request threw, as the error that a person may see. The SDK's own error is not kept as the cause:
 * it holds the request with its headers.
 */
export function toEngineError(error: unknown, attempt: Attempt): EngineError | CancelledError {
  if (attempt.signal?.aborted) return new CancelledError(`stopped while it had to ${attempt.operation} an object`);
  if (error instanceof EngineError || error instanceof CancelledError) return error;
  const what = attempt.key === undefined ? attempt.location : `"${attempt.key}" at ${attempt.location}`;
  const { cause, permanent: isPermanent, hint } = meaningOf(error);
  return new EngineError(`cannot ${attempt.operation} ${what}: ${cause}${detailOf(error)}`, {
    engine: "s3",
    operation: attempt.operation,
    permanent: isPermanent,
    hint,
    ...(error instanceof HoldfastError ? { cause: error } : {}),
  });
}

/** The store's word for the error, or the operating system's. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const { code } = error as NodeJS.ErrnoException;
  // First: the SDK names a connection that broke off a timeout.
  if (code !== undefined && code in BY_NAME) return code;
  if (error.name in BY_NAME) return error.name;
  return typeof code === "string" ? code : error.name;
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

/** There is no such object (a HEAD has no body, so its 404 has no better name). */
export function isAbsent(error: unknown): boolean {
  return nameOf(error) === "NoSuchKey" || (statusOf(error) === 404 && nameOf(error) !== "NoSuchBucket");
}

function meaningOf(error: unknown): Meaning {
  const known = BY_NAME[nameOf(error)];
  if (known) return known;
  const status = statusOf(error);
  if (status === 401 || status === 403) return permanent("the store refuses the credentials", PERMISSIONS);
  if (status === 404) return permanent("there is no such thing", "Are bucket, prefix and endpoint spelled right?");
  if (status === 507) return passing("the store is full", FULL);
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429) {
    return permanent("the store does not accept the request", "Does the store support what S3 calls by this name?");
  }
  return passing("the store failed", "Try again; if it stays, look at the store's own log.");
}

function detailOf(error: unknown): string {
  const status = statusOf(error);
  const request = error instanceof S3ServiceException ? error.$metadata.requestId : undefined;
  const parts = [nameOf(error), status, request ? `request ${request}` : undefined];
  const known = parts.filter((part) => part !== undefined && part !== "" && part !== "UnknownError");
  return known.length > 0 ? ` (${known.join(", ")})` : "";
}
