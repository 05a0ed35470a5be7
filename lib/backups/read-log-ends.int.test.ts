import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { declareEstate } from "@/lib/db/test-estate";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { newId } from "@/lib/kernel/ids";
import { type LogFact, reachOf } from "./model";
import { readLogEnds } from "./read-log-ends";
import { toLinkFact } from "./links";

let database: TestDatabase;
let systemId: string;
let repositoryId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  systemId = await declareEstate(database);
  ({ id: repositoryId } = await database.db.repository.findUniqueOrThrow({ where: { name: "primary" } }));
});
afterAll(() => database.close());

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 0, minute));
const name = (number: number) => `binlog.${String(999_990 + number).padStart(6, "0")}`;

const history = fc.record({
  files: fc.array(
    fc.record({
      isThere: fc.constantFrom(true, true, true, true, true, false),
      begins: fc.constantFrom(0, 0, 0, 0, 4),
      heartbeat: fc.option(fc.integer({ min: 0, max: 99 }), { freq: 4 }),
    }),
    { minLength: 4, maxLength: 24 },
  ),
  fulls: fc.array(fc.record({ file: fc.nat({ max: 23 }), offset: fc.constantFrom(4, 900, 1_100) }), {
    minLength: 1,
    maxLength: 4,
  }),
});

test("the few files that are kept reach as far as all of them, whatever is missing", async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ files, fulls }) => {
      await database.db.$executeRaw`TRUNCATE log_coverages, backup_copies, verifications, backups`;
      const log = files.flatMap((file, number): LogFact[] =>
        file.isThere
          ? [
              {
                serverId: "1",
                incarnation: "x",
                file: name(number),
                nextFile: number === files.length - 1 ? null : name(number + 1),
                startOffset: file.begins,
                endOffset: 1_000,
                firstAt: null,
                heartbeatAt: file.heartbeat === null ? null : at(file.heartbeat),
              },
            ]
          : [],
      );
      await database.db.logCoverage.createMany({
        data: log.map((row) => ({
          ...row,
          systemId,
          repositoryId,
          startOffset: BigInt(row.startOffset),
          endOffset: BigInt(row.endOffset),
          updatedAt: at(0),
        })),
      });
      await database.db.backup.createMany({
        data: fulls.map(({ file, offset }) => ({
          id: newId(),
          systemId,
          type: "full",
          method: "logical",
          state: "complete",
          startedAt: at(1),
          endedAt: at(2),
          position: { gtid: "0-1-1", file: name(file), offset },
          serverId: "1",
          incarnation: "x",
        })),
      });
      const kept = (await readLogEnds(database, [systemId]))[0]?.log ?? [];
      for (const row of await database.db.backup.findMany()) {
        const full = toLinkFact(row);
        expect(reachOf(full, kept)).toEqual(reachOf(full, log));
      }
    }),
    { numRuns: 25 },
  );
});
