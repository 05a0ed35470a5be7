import { EngineError } from "@/lib/kernel/errors";

/** What S3 allows, its prefix included. */
const KEY_BYTES_MAX = 1_024;
/** What a file system allows for one name. */
const SEGMENT_BYTES_MAX = 255;

/** Refuses a key that one of the stores could not hold or could take for another place. @throws EngineError (permanent) */
export function assertObjectKey(key: string, engine: string): void {
  const fault = findFault(key);
  if (fault === null) return;
  throw new EngineError(`the key ${JSON.stringify(key.slice(0, 100))} ${fault}`, {
    engine,
    operation: "name an object",
    permanent: true,
    hint: "A key is made of names separated by single slashes, such as systems/database/1/manifest.json.",
  });
}

function findFault(key: string): string | null {
  if (!key.isWellFormed()) return "is not valid Unicode";
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) return `is longer than ${KEY_BYTES_MAX} bytes`;
  // XML, in which S3 lists keys, cannot carry control characters.
  if (/[\u0000-\u001f\u007f\ufffe\uffff]/.test(key)) return "holds a control character";
  for (const segment of key.split("/")) {
    if (segment === "" || segment === "." || segment === "..") return "has an empty or a dotted name in it";
    if (Buffer.byteLength(segment) > SEGMENT_BYTES_MAX) return `has a name longer than ${SEGMENT_BYTES_MAX} bytes`;
  }
  return null;
}

/** The order in which every store lists: that of the keys' UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
