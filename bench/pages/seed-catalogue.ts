import type { Db, Prisma } from "@/lib/db/client";
import { newId } from "@/lib/kernel/ids";

/* A console's memory of a month, generated: what its pages are measured and looked at with. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LOG_MS = 15 * MINUTE_MS;
const MIB = 2 ** 20;
const SERVER_ID = "1";
const INCARNATION = "a1b2c3d4";

export interface CatalogueSize {
  days: number;
  /** Now: everything ends a few seconds before it. */
  now: Date;
}

interface Place {
  db: Db;
  systemId: string;
  repositoryIds: readonly string[];
  size: CatalogueSize;
  /** 0 for the first system: the one with the troubles. */
  index: number;
}

const fileOf = (number: number) => `mariadb-bin.${String(number).padStart(6, "0")}`;

/** Fills the declared systems with fulls a day, increments every 6 hours of the last week and a log file a quarter of an hour. */
export async function seedCatalogue(db: Db, size: CatalogueSize): Promise<void> {
  const systems = await db.system.findMany({ where: { kind: "mariadb" }, orderBy: { position: "asc" } });
  const repositories = await db.repository.findMany({ orderBy: { name: "asc" } });
  for (const [index, system] of systems.entries()) {
    const place = { db, systemId: system.id, repositoryIds: repositories.map(({ id }) => id), size, index };
    await seedLog(place);
    await seedFulls(place);
    await seedRecoveries(place, system.name);
    await db.system.update({
      where: { id: system.id },
      data: {
        heartbeatSeq: 1_000_000n,
        heartbeatAt: new Date(size.now.getTime() - 1_000),
        probedAt: size.now,
        logServerId: SERVER_ID,
        logIncarnation: INCARNATION,
      },
    });
  }
  await db.repository.updateMany({ data: { checkedAt: size.now } });
}

/** The quarter of an hour that the first system's log lacks. */
const holeOf = ({ days }: CatalogueSize) => Math.floor(days * 96 * 0.8);

const countOf = ({ size }: Place) => size.days * 96;
const beganAt = (place: Place, number: number) =>
  new Date(place.size.now.getTime() - (countOf(place) - number) * LOG_MS - 2_000);

/** Rows that wait to be written, by table. */
interface Rows {
  backups: Prisma.BackupCreateManyInput[];
  copies: Prisma.BackupCopyCreateManyInput[];
  slots: Prisma.SlotCreateManyInput[];
  proofs: Prisma.VerificationCreateManyInput[];
}

async function seedLog(place: Place): Promise<void> {
  const { db, systemId, repositoryIds } = place;
  const count = countOf(place);
  const hole = place.index === 0 ? holeOf(place.size) : -1;
  await db.$executeRaw`
    INSERT INTO log_coverages (system_id, repository_id, server_id, incarnation, file, next_file, start_offset, end_offset,
      stored_bytes, segments, first_gtid, last_gtid, first_at, heartbeat_at, last_at, closed_at, updated_at)
    SELECT ${systemId}::uuid, repository_id, ${SERVER_ID}, ${INCARNATION},
      'mariadb-bin.' || lpad((number + 1)::text, 6, '0'),
      CASE WHEN number NOT IN (${count - 1}::int, ${hole - 1}::int) THEN 'mariadb-bin.' || lpad((number + 2)::text, 6, '0') END,
      0, ${6 * MIB}::int + number * 512, ${MIB}::int + number * 96, 1,
      '0-1-' || number * 900 + 1, '0-1-' || (number + 1) * 900,
      began, ended, ended, CASE WHEN number < ${count - 1}::int THEN ended END, ended
    FROM unnest(${[...repositoryIds]}::uuid[]) AS repository_id, generate_series(0, ${count - 1}::int) AS number,
      LATERAL (SELECT ${beganAt(place, 0)}::timestamptz + number * interval '15 minutes' AS began) AS one,
      LATERAL (SELECT began + interval '899 seconds' AS ended) AS other
    WHERE number <> ${hole}::int`;
  if (place.index === 0) {
    const number = hole;
    await db.logGap.create({
      data: {
        id: newId(),
        systemId,
        serverId: SERVER_ID,
        incarnation: INCARNATION,
        file: fileOf(number + 1),
        fromAt: beganAt(place, number),
        toAt: beganAt(place, number + 1),
        reason: `the server purged ${fileOf(number + 1)} before it was shipped`,
        detectedAt: beganAt(place, number + 1),
      },
    });
  }
}

/** What happened to the full of a day, of the first system. */
function stateOf(place: Place, day: number): "complete" | "incomplete" | "failed" | "missed" {
  if (place.index !== 0) return "complete";
  return ({ 9: "failed", 14: "missed", 21: "incomplete" } as const)[day] ?? "complete";
}

async function seedFulls(place: Place): Promise<void> {
  const rows: Rows = { backups: [], copies: [], slots: [], proofs: [] };
  for (let day = 0; day < place.size.days; day += 1) {
    const number = day * 96 + 8;
    const startedAt = new Date(beganAt(place, number).getTime() + 1_000);
    const state = stateOf(place, day);
    const slotState = { complete: "ok", incomplete: "ok", failed: "failed", missed: "missed" }[state];
    rows.slots.push({ systemId: place.systemId, type: "full", dueAt: startedAt, state: slotState, endedAt: startedAt });
    if (state === "missed") continue;
    const sizeBytes = BigInt(Math.round((420 + day * 6 + place.index * 90) * MIB));
    const id = addBackup(place, rows, { type: "full", startedAt, sizeBytes, number, state, parentId: null });
    if (state !== "failed" && place.size.days - day <= 7) addIncrements(place, rows, { id, number });
    if (state === "complete" && day % 3 === 0) addProof(place, rows, { id, startedAt });
  }
  await place.db.backup.createMany({ data: rows.backups });
  await place.db.backupCopy.createMany({ data: rows.copies });
  await place.db.slot.createMany({ data: rows.slots });
  await place.db.verification.createMany({ data: rows.proofs });
}

function addIncrements(place: Place, rows: Rows, full: { id: string; number: number }): void {
  let parentId = full.id;
  for (const hours of [6, 12, 18]) {
    const number = full.number + hours * 4;
    if (number >= countOf(place)) return;
    const startedAt = beganAt(place, number);
    const increment = {
      type: "incremental",
      startedAt,
      sizeBytes: BigInt(40 * MIB),
      number,
      state: "complete",
      parentId,
    };
    parentId = addBackup(place, rows, increment);
  }
}

interface SeededBackup {
  type: string;
  startedAt: Date;
  sizeBytes: bigint;
  number: number;
  state: string;
  parentId: string | null;
}

function addBackup({ systemId, repositoryIds }: Place, rows: Rows, backup: SeededBackup): string {
  const { type, startedAt, sizeBytes, number, state, parentId } = backup;
  const id = newId();
  const endedAt = new Date(startedAt.getTime() + 90_000);
  const isFailed = state === "failed";
  rows.backups.push({
    id,
    systemId,
    type,
    method: "logical",
    state,
    parentId,
    startedAt,
    endedAt,
    sizeBytes: isFailed ? null : sizeBytes,
    position: { gtid: `0-1-${number * 900}`, file: fileOf(number + 1), offset: 4_096 },
    serverId: SERVER_ID,
    incarnation: INCARNATION,
    manifest: { parts: [{ name: "data", plain: { sizeBytes: Number(sizeBytes) * 6 } }] },
    error: isFailed ? "the server refused the connection" : null,
  });
  if (isFailed) return id;
  const copies = repositoryIds.map((repositoryId, copy) => ({
    backupId: id,
    repositoryId,
    state: state === "incomplete" && copy === 1 ? "missing" : "present",
    sha256: newId().replaceAll("-", "").repeat(2),
    sizeBytes,
    checkedAt: endedAt,
  }));
  rows.copies.push(...copies);
  return id;
}

function addProof({ systemId }: Place, { proofs }: Rows, { id, startedAt }: { id: string; startedAt: Date }): void {
  const at = new Date(startedAt.getTime() + 3_600_000);
  proofs.push({
    id: newId(),
    systemId,
    backupId: id,
    repositoryName: "primary",
    level: "restore",
    verdict: "pass",
    at,
  });
}

/** A drill a week, with the rates that a forecast is made of. */
async function seedRecoveries({ db, systemId, size }: Place, system: string): Promise<void> {
  for (let week = 1; week * 7 <= size.days; week += 1) {
    const runId = newId();
    const at = (seconds: number) => new Date(size.now.getTime() - week * 7 * DAY_MS + seconds * 1_000);
    await db.run.create({
      data: {
        id: runId,
        kind: "runbook",
        runbook: "database-corruption",
        mode: "drill",
        systemId,
        title: `Database corruption, ${system}`,
        state: "succeeded",
        startedBy: "operator",
        startedByLabel: "operator@example.com",
        queuedAt: at(0),
        startedAt: at(1),
        endedAt: at(200),
        rtoActualMs: BigInt(190_000 + week * 7_000),
        rpoActualMs: 1_000n,
      },
    });
    const steps = [
      { key: "find", title: "Find the point", from: 1, to: 2, bytes: null },
      { key: "fetch", title: "Fetch the log", from: 2, to: 12, bytes: 500 * MIB },
      { key: "load", title: "Load users and data", from: 12, to: 130 + week, bytes: 2_900 * MIB },
      { key: "replay", title: "Replay the log", from: 140, to: 170 + week, bytes: 500 * MIB },
      { key: "check", title: "Check tables", from: 175, to: 199, bytes: null },
    ];
    await db.runStep.createMany({
      data: steps.map(({ key, title, from, to, bytes }, index) => ({
        id: newId(),
        runId,
        index,
        key,
        title,
        state: "succeeded",
        startedAt: at(from),
        endedAt: at(to),
        ...(bytes
          ? { progress: { done: bytes, total: bytes, unit: "bytes", ratePerSecond: null, secondsLeft: 0 } }
          : {}),
      })),
    });
  }
}
