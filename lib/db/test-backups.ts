/* Many backups that were never taken, for tests of the catalogue's size: their rows and the manifests that say the same. */
import fc from "fast-check";
import type { Manifest } from "@/lib/backups";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import type { Signer } from "@/lib/engines/signer/port";
import { repositoryKeys } from "@/lib/repositories";

const SEED = 20_261_123;

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const instant = fc.date({
  min: new Date("2020-01-01T00:00:00Z"),
  max: new Date("2026-11-01T00:00:00Z"),
  noInvalidDate: true,
});
const hazard = fc.record({
  id: fc.constantFrom("engine-memory", "definer-missing", "xa-prepared"),
  effect: fc.constantFrom("omit" as const, "lossy" as const, "warn" as const),
  object: fc.constantFrom("shop.orders", "shop.käufer"),
  message: fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.replaceAll("\0", "")),
  hint: fc.constant("Look at it."),
});
const size = fc.nat({ max: 2 ** 40 });

const draft = fc.record({
  startedAt: instant,
  tookMs: fc.nat({ max: 10_000_000 }),
  serverId: fc.nat({ max: 9 }).map(String),
  incarnation: fc.constantFrom("none", "0b1c2d3e"),
  offset: size,
  hazards: fc.array(hazard, { maxLength: 3 }),
  users: fc.tuple(size, digest),
  data: fc.tuple(size, digest),
  encrypted: fc.boolean(),
});
type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never;

export interface GeneratedBackups {
  manifests: Manifest[];
  /** Rows of a catalogue that has seen them all, complete in each of the repositories. */
  backups: ReturnType<typeof toRow>[];
  copies: { backupId: string; repositoryId: string; state: string; sha256: string; sizeBytes: number }[];
}

/** So many backups of the declared database, always the same. */
export function generateBackups(
  count: number,
  place: { systemId: string; repositories: readonly string[] },
): GeneratedBackups {
  const drafts = fc.sample(draft, { numRuns: count, seed: SEED });
  const made = drafts.map((each, index) => ({ id: idOf(index + 1), draft: each }));
  return {
    manifests: made.map(({ id, draft: each }) => toManifest(id, each)),
    backups: made.map(({ id, draft: each }) => toRow(id, each, place.systemId)),
    copies: made.flatMap(({ id, draft: { users, data } }) =>
      place.repositories.map((repositoryId) => ({
        backupId: id,
        repositoryId,
        state: "present",
        sha256: data[1],
        sizeBytes: users[0] + data[0],
      })),
    ),
  };
}

/** Puts the signed manifests into a repository; the data that they name are not there. */
export async function writeManifests(
  store: ObjectStore,
  signer: Signer,
  manifests: readonly Manifest[],
): Promise<void> {
  const { signal } = new AbortController();
  for (const manifest of manifests) {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const key = repositoryKeys.manifestKey(manifest.system, manifest.id);
    await store.put(repositoryKeys.signatureKey(key), signer.sign(bytes), { signal });
    await store.put(key, bytes, { signal });
  }
}

function idOf(index: number): string {
  return `01990000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`;
}

function toRow(id: string, made: Draft, systemId: string) {
  const { startedAt, tookMs, hazards, users, data } = made;
  return {
    id,
    systemId,
    type: "full",
    method: "logical",
    state: "complete",
    startedAt,
    endedAt: new Date(startedAt.getTime() + tookMs),
    sizeBytes: users[0] + data[0],
    position: positionOf(made),
    serverId: made.serverId,
    incarnation: made.incarnation,
    lossy: hazards.filter(({ effect }) => effect !== "warn").map(({ object, message }) => `${object}: ${message}`),
    manifest: toManifest(id, made) as object,
  };
}

function positionOf({ serverId, offset }: Draft): Manifest["position"] {
  return { gtid: `0-${serverId}-${offset}`, file: "binlog.000001", offset };
}

function toManifest(id: string, made: Draft): Manifest {
  const { startedAt, tookMs, serverId, incarnation, hazards, users, data, encrypted } = made;
  const part = (name: "users" | "data", [sizeBytes, sha256]: readonly [number, string]): Manifest["parts"][number] => ({
    name,
    pieces: [{ key: `${repositoryKeys.backupPrefix("database", id)}${name}.sql.zst`, sizeBytes, sha256 }],
    plain: { sizeBytes, sha256 },
    sealed: { sizeBytes, sha256 },
    compression: "zstd",
    encrypted,
    recipients: [],
  });
  return {
    format: 1,
    id,
    cut: null,
    system: "database",
    kind: "mariadb",
    type: "full",
    method: "logical",
    parent: null,
    startedAt: startedAt.toISOString(),
    endedAt: new Date(startedAt.getTime() + tookMs).toISOString(),
    server: { id: serverId, incarnation, version: "10.11.14", settings: SETTINGS },
    tools: { compression: "zstd" },
    position: positionOf(made),
    endPosition: positionOf(made),
    schemas: ["shop"],
    tables: [{ schema: "shop", table: "orders", rows: 3, sha256: data[1] }],
    objects: { views: 0, triggers: 0, routines: 0, events: 0, sequences: 0 },
    hazards,
    parts: [part("users", users), part("data", data)],
  };
}

const SETTINGS: Manifest["server"]["settings"] = {
  version: "10.11.14",
  lowerCaseTableNames: 0,
  pageSizeBytes: 16_384,
  characterSet: "utf8mb4",
  collation: "utf8mb4_general_ci",
  sqlMode: "",
  timeZone: "UTC",
  hasTimeZoneTables: true,
  plugins: [],
};
