import { createHash } from "node:crypto";
import { DeleteObjectCommand, ListObjectVersionsCommand, type ObjectVersion } from "@aws-sdk/client-s3";
import type { LockProbe } from "../port";
import { type Head, headObject } from "./head-object";
import { nameOf, statusOf, toEngineError } from "./map";
import type { S3Place } from "./place";
import { lockObject } from "./protect";
import { putBytes, putParts } from "./upload";

const DAY_MS = 86_400_000;
const WAYS = ["single", "parts"] as const;

/** Tries really to delete what the store says it has locked; see the port. */
export async function proveLock(
  place: S3Place,
  prefix: string,
  options: { signal: AbortSignal; now: Date },
): Promise<LockProbe[]> {
  const { signal, now } = options;
  const day = now.toISOString().slice(0, 10);
  const probes: LockProbe[] = [];
  for (const way of WAYS) {
    const key = `${prefix}${day}/${way}`;
    const stored = (await headObject(place, key, { signal })) ?? (await storeProbe(place, { key, way, signal }));
    probes.push({ way, lockedUntil: stored.lockedUntil ?? null, ...(await tryBoth(place, { key, stored, signal })) });
  }
  await removeEnded(place, prefix, { signal, now });
  return probes;
}

async function storeProbe(
  place: S3Place,
  { key, way, signal }: { key: string; way: LockProbe["way"]; signal: AbortSignal },
): Promise<Head> {
  const bytes = Buffer.from(`Holdfast tries to delete this object, to see whether its lock holds: ${way}.\n`);
  const { versionId } =
    way === "single"
      ? await putBytes(place, key, { body: bytes, overwrite: false })
      : await putParts(place, key, { parts: onePart(bytes), stop: () => undefined, signal });
  await lockObject(place, key, versionId);
  const head = await headObject(place, key, { signal, versionId });
  if (head) return head;
  throw toEngineError(new Error("the probe vanished"), {
    operation: "prove the lock of",
    key,
    location: place.location,
  });
}

async function* onePart(bytes: Buffer) {
  yield { bytes, md5: createHash("md5").update(bytes).digest(), release: () => undefined };
}

async function tryBoth(
  place: S3Place,
  { key, stored, signal }: { key: string; stored: Head; signal: AbortSignal },
): Promise<Pick<LockProbe, "deletion" | "bypass">> {
  const one = { key: place.prefix + key, versionId: stored.versionId, signal };
  const deletion = await tryToDelete(place, { ...one, bypass: false });
  if (deletion === "done") return { deletion, bypass: "done" };
  return { deletion, bypass: await tryToDelete(place, { ...one, bypass: true }) };
}

/** A store that cannot be asked is no answer: only its own refusal counts as one. */
async function tryToDelete(
  place: S3Place,
  version: { key: string; versionId: string | undefined; bypass: boolean; signal: AbortSignal },
): Promise<"refused" | "done"> {
  const { key, versionId, bypass, signal } = version;
  try {
    await place.client.send(
      new DeleteObjectCommand({
        Bucket: place.bucket,
        Key: key,
        ...(versionId ? { VersionId: versionId } : {}),
        ...(bypass ? { BypassGovernanceRetention: true } : {}),
      }),
      { abortSignal: signal },
    );
    return "done";
  } catch (error) {
    const isRefusal =
      statusOf(error) === 403 && !["InvalidAccessKeyId", "SignatureDoesNotMatch"].includes(nameOf(error));
    if (isRefusal) return "refused";
    throw toEngineError(error, { operation: "prove the lock of", key, location: place.location, signal });
  }
}

/** Probes of earlier days whose lock has ended. One that is still held is not touched. */
async function removeEnded(
  place: S3Place,
  prefix: string,
  { signal, now }: { signal: AbortSignal; now: Date },
): Promise<void> {
  const before = now.getTime() - ((place.lock?.days ?? 0) + 1) * DAY_MS;
  const page = await place.client
    .send(new ListObjectVersionsCommand({ Bucket: place.bucket, Prefix: place.prefix + prefix }), {
      abortSignal: signal,
    })
    .catch((error: unknown) => {
      throw toEngineError(error, { operation: "list the versions of", key: prefix, location: place.location, signal });
    });
  const isEnded = ({ LastModified }: ObjectVersion) => (LastModified?.getTime() ?? Infinity) < before;
  for (const { Key = "", VersionId: versionId } of (page.Versions ?? []).filter(isEnded)) {
    await tryToDelete(place, { key: Key, versionId, bypass: false, signal });
  }
}
