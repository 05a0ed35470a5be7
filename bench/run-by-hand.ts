import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startServer } from "@/lib/engines/database/mariadb/server/run-server";
import { safeSettings } from "@/lib/engines/database/mariadb/server/scratch-settings";
import { findServerProgram } from "@/lib/engines/database/mariadb/server/server-programs";
import type { Connection } from "@/lib/engines/database/port";
import type { BenchEstate } from "./bench-estate";
import { type BaselineRun, runBaseline } from "./run-baseline";

/*
 * The tools that our physical backups are made of, as a person would join them: once with a local file, in the clear, and
 * once with what ours do as well, age and a bucket. rclone is the one that can store a stream of unknown length.
 */

const COPY = `mariadb-backup "$1" --backup --stream=mbstream --target-dir="$2.tmp" | zstd -1 -T2 -q`;
const UNPACK = `zstd -dcq | mbstream -x -C "$3"
mariadb-backup --no-defaults --prepare --target-dir="$3" --use-memory=1G`;

const STRICT = "set -eo pipefail";
const TO_FILE = `${STRICT}\n${COPY} > "$2"`;
const FROM_FILE = `${STRICT}\nmkdir "$3"\n< "$2" ${UNPACK}`;
const TO_BUCKET = `${STRICT}\n${COPY} | age -e -r "$3" | rclone rcat --quiet "hand:$4"`;
const FROM_BUCKET = `${STRICT}\nmkdir "$3"\nrclone cat --quiet "hand:$5" | age -d -i "$4" | ${UNPACK}`;

/** What is compared with: a local file in the clear, or an encrypted object of the bucket that ours go to. */
export type HandPlace = "file" | "bucket";

export const HAND_BACKUP = {
  file: "mariadb-backup | zstd",
  bucket: "mariadb-backup | zstd | age | rclone rcat",
} as const satisfies Record<HandPlace, string>;
export const HAND_RESTORE = {
  file: "zstd -d | mbstream, prepare, start",
  bucket: "rclone cat | age -d | zstd -d | mbstream, prepare, start",
} as const satisfies Record<HandPlace, string>;

/** The places that this machine's programs can reach. */
export async function handPlaces(say: (text: string) => void): Promise<HandPlace[]> {
  const hasRclone = await findServerProgram("rclone").then(
    () => true,
    () => false,
  );
  if (!hasRclone)
    say("rclone is not installed (Debian's package rclone): the figures that compare with it are left out");
  return hasRclone ? ["file", "bucket"] : ["file"];
}

const fileOf = (estate: BenchEstate) => join(estate.directory, "hand.xb.zst");

/** Whether there is one to restore from. */
export function hasHandBackup(estate: BenchEstate): boolean {
  return existsSync(fileOf(estate));
}

/** The server's files, to a place of its own. */
export function runHandBackup(estate: BenchEstate, place: HandPlace): Promise<BaselineRun> {
  const { identity, source } = estate;
  return place === "file"
    ? runBaseline(source.root, [TO_FILE, fileOf(estate)])
    : runBaseline(source.root, [TO_BUCKET, fileOf(estate), identity.recipient, objectOf(estate)], remoteOf(estate));
}

/** Back from there, prepared, and a server with safe settings on it, until it answers. */
export async function runHandRestore(estate: BenchEstate, place: HandPlace, directory: string): Promise<BaselineRun> {
  const { identity, source } = estate;
  await mkdir(directory);
  const data = join(directory, "data");
  const unpacked = await (place === "file"
    ? runBaseline(source.root, [FROM_FILE, fileOf(estate), data])
    : runBaseline(source.root, [FROM_BUCKET, "", data, identity.file, objectOf(estate)], remoteOf(estate)));
  const seconds = unpacked.seconds + (await startAndEnd(source.root, directory));
  return { ...unpacked, seconds };
}

async function startAndEnd(root: Connection, directory: string): Promise<number> {
  const begun = performance.now();
  const started = await startServer({
    dataDirectory: join(directory, "data"),
    logFile: join(directory, "error.log"),
    temporaryDirectory: join(directory, "tmp"),
    connection: { ...root, socket: join(directory, "s"), port: 0 },
    settings: [...safeSettings(), "--skip-log-bin"],
    deathSignal: "KILL",
    signal: new AbortController().signal,
  });
  const seconds = (performance.now() - begun) / 1_000;
  await started.kill();
  return seconds;
}

const objectOf = (estate: BenchEstate) => `${estate.bucket}/by-hand.xb.zst.age`;

/** rclone reads a remote called `hand` from these. */
function remoteOf({ store }: BenchEstate): Record<string, string> {
  return {
    RCLONE_CONFIG: "/dev/null",
    RCLONE_CONFIG_HAND_TYPE: "s3",
    RCLONE_CONFIG_HAND_PROVIDER: "Ceph",
    RCLONE_CONFIG_HAND_REGION: store.region,
    RCLONE_CONFIG_HAND_ENDPOINT: store.endpoint,
    RCLONE_CONFIG_HAND_ACCESS_KEY_ID: store.accessKeyId.reveal(),
    RCLONE_CONFIG_HAND_SECRET_ACCESS_KEY: store.secretAccessKey.reveal(),
  };
}
