import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect } from "vitest";
import { EngineError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import type { ObjectInfo, ObjectStore } from "../port";

export interface StoreUnderTest {
  /** Empty. */
  store: ObjectStore;
  /** Puts into the store what an upload leaves behind whose process was killed; null where nothing can be left. */
  leaveUnfinished: (() => Promise<void>) | null;
  /** How many unfinished uploads the store holds, asked past the engine. */
  countUnfinished(): Promise<number>;
  close(): Promise<void>;
}

export type Opened = () => StoreUnderTest;

/** Nobody stops it. */
export const go = { signal: new AbortController().signal };

export function newKey(): string {
  return `systems/database/${newToken(6)}/part`;
}

/** Bytes in which no two parts are alike, and which are quick to make. */
export function pattern(size: number): Buffer {
  const data = Buffer.alloc(size, randomBytes(4_099));
  for (let at = 0; at + 4 <= size; at += 65_536) data.writeUInt32LE(at, at);
  return data;
}

export function* slices(data: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** A stream of so many bytes that then calls back, and never ends by itself. */
export function stalling(size: number, then: () => void): Readable {
  let sent = 0;
  return new Readable({
    read() {
      if (sent >= size) return void setImmediate(then);
      const chunk = Buffer.alloc(Math.min(2 ** 20, size - sent), 7);
      sent += chunk.length;
      this.push(chunk);
    },
  });
}

export function aDumpThatFailed(): EngineError {
  const hint = "Look at the database.";
  return new EngineError("the dump failed", { engine: "database", operation: "dump", permanent: true, hint });
}

export async function read(store: ObjectStore, key: string): Promise<Buffer> {
  return buffer(await store.get(key, go));
}

export async function all(objects: AsyncIterable<ObjectInfo>): Promise<ObjectInfo[]> {
  return Array.fromAsync(objects);
}

/** The error of a call that must fail, with all that one may expect of it. */
export async function failureOf(call: Promise<unknown>): Promise<EngineError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).hint).toMatch(/\S/);
  return error as EngineError;
}
