import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type Manifest, type ManifestPart, formatManifest } from "@/lib/backups";
import type { DumpFacts } from "@/lib/engines/database/port";
import type { Practice } from "@/lib/engines/ports";
import { sha256, signBytes } from "@/lib/kernel/crypto";
import { newId } from "@/lib/kernel/ids";
import { repositoryKeys } from "@/lib/repositories";
import type { StepCtx } from "@/lib/runs";

/** The system that the planted backups are of. */
export const PRACTICE_SYSTEM = "practice";

/** How a planted backup is made: whatever is not told is as in a good one. */
export interface Recipe {
  sql: Buffer;
  /** What its manifest says of the dump. */
  facts: DumpFacts;
  /** For whom it is sealed; its manifest names the right one whatever this is. */
  sealedFor?: string;
  /** Spoils the stored bytes of the data after the manifest was made. */
  spoil?: (sealed: Buffer) => Buffer;
  /** Another key than the repository's. */
  signWith?: string;
  /** The id in its manifest, where it is another one than its place. */
  named?: string;
  /** Pieces of the log file that follows it, as they are stored. */
  log?: readonly { start: number; bytes: Buffer }[];
}

/** Writes one into the practice repository, signed. @returns its id */
export async function plantBackup(
  ctx: StepCtx,
  { practice, privatePem }: { practice: Practice; privatePem: string },
  recipe: Recipe,
): Promise<string> {
  const id = newId();
  const { store, sample } = practice;
  const { signal } = ctx;
  const seal = (name: ManifestPart["name"], plain: Buffer) =>
    sealPart(ctx, {
      practice,
      system: PRACTICE_SYSTEM,
      id,
      name,
      plain,
      sealedFor: recipe.sealedFor ?? practice.recipient,
    });
  const [data, users] = [await seal("data", recipe.sql), await seal("users", sample.users)];
  await store.put(data.key, recipe.spoil?.(data.sealed) ?? data.sealed, { signal });
  await store.put(users.key, users.sealed, { signal });
  const manifest = describe(ctx, { practice, id, parts: [users.part, data.part] }, recipe);
  const key = repositoryKeys.manifestKey(PRACTICE_SYSTEM, id);
  const bytes = formatManifest(manifest);
  await store.put(key, bytes, { signal });
  await store.put(repositoryKeys.signatureKey(key), signBytes(recipe.signWith ?? privatePem, bytes), { signal });
  await plantLog(ctx, practice, { manifest, pieces: recipe.log ?? [] });
  return id;
}

/** Seals one part, and describes it. */
export async function sealPart(
  ctx: StepCtx,
  input: {
    practice: Practice;
    system: string;
    id: string;
    name: ManifestPart["name"];
    plain: Buffer;
    sealedFor: string;
  },
): Promise<{ part: ManifestPart; key: string; sealed: Buffer }> {
  const { practice, system, id, name, plain, sealedFor } = input;
  const sealed = await sealBytes(ctx, plain, sealedFor);
  const digest = { sizeBytes: sealed.length, sha256: sha256(sealed) };
  const key = `${repositoryKeys.backupPrefix(system, id)}${name}.zst.age`;
  return {
    key,
    sealed,
    part: {
      name,
      pieces: [{ key, ...digest }],
      plain: { sizeBytes: plain.length, sha256: sha256(plain) },
      sealed: digest,
      compression: "zstd",
      encrypted: true,
      recipients: [practice.recipient],
    },
  };
}

async function sealBytes(ctx: StepCtx, plain: Buffer, recipient: string): Promise<Buffer> {
  const sealing = ctx.engines.envelope.seal(Readable.from([plain], { objectMode: false }), {
    recipients: [recipient],
    signal: ctx.signal,
  });
  const [sealed] = await Promise.all([buffer(sealing.output), sealing.done]);
  return sealed;
}

function describe(
  ctx: StepCtx,
  { practice, id, parts }: { practice: Practice; id: string; parts: ManifestPart[] },
  { facts, named }: Recipe,
): Manifest {
  const { sample } = practice;
  const { position, endPosition, tables, views, triggers, routines, events, sequences } = facts;
  const at = ctx.now().toISOString();
  return {
    format: 1,
    id: named ?? id,
    cut: null,
    system: PRACTICE_SYSTEM,
    kind: "mariadb",
    type: "full",
    method: "logical",
    parent: null,
    startedAt: at,
    endedAt: at,
    // Each has a log of its own.
    server: { id: sample.serverId, incarnation: id, version: sample.settings.version, settings: sample.settings },
    tools: { "mariadb-dump": sample.settings.version, compression: "zstd", encryption: "age" },
    position,
    endPosition,
    schemas: sample.schemas,
    tables,
    objects: { views, triggers, routines, events, sequences },
    hazards: [],
    parts,
  };
}

async function plantLog(
  ctx: StepCtx,
  practice: Practice,
  { manifest, pieces }: { manifest: Manifest; pieces: NonNullable<Recipe["log"]> },
): Promise<void> {
  const { id: serverId, incarnation } = manifest.server;
  const prefix = repositoryKeys.logPrefix({ system: PRACTICE_SYSTEM, serverId, incarnation });
  for (const { start, bytes } of pieces) {
    const segment = { file: manifest.position.file, start, end: start + bytes.length, sha256: sha256(bytes) };
    const name = repositoryKeys.formatSegmentName(segment, ".zst.age");
    await practice.store.put(`${prefix}${name}`, await sealBytes(ctx, bytes, practice.recipient), {
      signal: ctx.signal,
    });
  }
}
