import { readFile } from "node:fs/promises";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { readVariable } from "@/lib/kernel/env";
import { PreconditionError, ValidationError } from "@/lib/kernel/errors";
import type { RecoverySource } from "@/lib/recovery";
import { readIdentity } from "@/lib/repositories";
import { RepositoryDeclaration } from "@/lib/settings/schemas";
import { openStore } from "../open-engines";

const KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/**
 * Opens a repository that no console knows. Its manifests' keys are the ones that lie in it, unless the person has one
 * from elsewhere: then only that one counts.
 */
export async function openOfflineSource(
  { system, repository, publicKey }: { system: string; repository: string; publicKey?: string | undefined },
  signal: AbortSignal,
): Promise<RecoverySource> {
  const store = openOfflineStore(repository);
  const publicKeys = publicKey ? [await readPublicKey(publicKey)] : await readKeysOf(store, signal);
  return { system, repository: store.location, store, publicKeys };
}

/** @throws ValidationError, PreconditionError without credentials in the environment */
export function openOfflineStore(repository: string): ObjectStore {
  return openStore(parseRepository(repository));
}

async function readKeysOf(store: ObjectStore, signal: AbortSignal): Promise<string[]> {
  const identity = await readIdentity(store, signal);
  if (identity) return identity.publicKeys;
  throw new PreconditionError(`${store.location} has no holdfast.json`, {
    hint: "Is it the right bucket and prefix?",
  });
}

async function readPublicKey(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new ValidationError([{ path: "public-key", message: `the file "${file}" cannot be read` }]);
  }
}

/** `/path`, `file:///path` or `s3://BUCKET/PREFIX?endpoint=URL&region=R`. */
function parseRepository(text: string): RepositoryDeclaration {
  if (text.startsWith("/")) return RepositoryDeclaration.parse({ kind: "directory", path: text });
  const url = URL.parse(text);
  if (url?.protocol === "file:") {
    return RepositoryDeclaration.parse({ kind: "directory", path: decodeURIComponent(url.pathname) });
  }
  if (url?.protocol !== "s3:") {
    throw new ValidationError([
      { path: "repository", message: "expected /PATH or s3://BUCKET/PREFIX?endpoint=URL&region=R" },
    ]);
  }
  for (const name of KEYS) {
    if (readVariable(name) === undefined) {
      throw new PreconditionError(`the environment variable ${name} is not set`, {
        hint: "Set the store's credentials in the environment.",
      });
    }
  }
  const endpoint = url.searchParams.get("endpoint");
  return RepositoryDeclaration.parse({
    kind: "s3",
    bucket: url.hostname,
    prefix: url.pathname.slice(1),
    region: url.searchParams.get("region") ?? "us-east-1",
    ...(endpoint ? { endpoint } : {}),
    accessKeyId: "${AWS_ACCESS_KEY_ID}",
    secretAccessKey: "${AWS_SECRET_ACCESS_KEY}",
  });
}
