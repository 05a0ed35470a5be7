import { afterAll, beforeAll, expect, test } from "vitest";
import { recordFigure } from "@/bench/record-figure";
import { honestSize } from "@/bench/size";
import { withSession } from "@/lib/engines/database/mariadb/connect";
import type { Connection } from "@/lib/engines/database/port";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { type Content, describeContent, readConnection } from "./describe-content";
import { restore, takeFull, untilCollected, untilShipped } from "./facts";
import { rentalStatements, staffStatements } from "./samples";
import { type World, startWorld } from "./world";

const EMPLOYEES = honestSize(2_000, 300_000);
const RENTALS = honestSize(5_000, 500_000);
const SPEC_MS = honestSize(120_000, 3_600_000);
const NEVER = new AbortController().signal;

let database: TestDatabase;
let world: World;
let source: Content;
beforeAll(async () => {
  database = await openTestDatabase();
  world = await startWorld({
    databaseUrl: database.databaseUrl,
    serverId: 33,
    settings: { "innodb-buffer-pool-size": "1G" },
    statements: [...staffStatements(EMPLOYEES), ...rentalStatements(RENTALS)],
  });
  await untilCollected(world);
}, SPEC_MS);
afterAll(async () => {
  await world.stop();
  await database.close();
});

test("a salary history and a film rental come back equal, through dump and log", { timeout: SPEC_MS }, async () => {
  await takeFull(world);
  await world.source.run(
    "UPDATE staff.salaries SET salary = salary + 1 WHERE emp_no % 50 = 0",
    "INSERT INTO rental.film (title) VALUES ('Made after the dump')",
    "CREATE VIEW rental.made_later AS SELECT * FROM rental.good_customers",
    "INSERT INTO rental.payment (rental_id, amount, paid) VALUES (1, 2.50, '2026-03-01')",
  );
  source = await describeContent(world.source.root);
  const numbers = await readNumbers(world.source.root);
  await untilShipped(world, 1);
  const run = await restore(world, "latest");
  expect(run.state, run.error?.message).toBe("succeeded");
  const { optionFile } = run.result?.target as { optionFile: string };
  const copy = readConnection(optionFile);
  expect(await describeContent(copy)).toEqual(source);
  expect(await readNumbers(copy)).toEqual(numbers);
  recordFigure({ name: "samples.rows", value: EMPLOYEES * 13 + RENTALS * 2, unit: "rows" });
});

/** The next AUTO_INCREMENT of each table, and how many rows it has. */
function readNumbers(connection: Connection): Promise<Record<string, string>> {
  return withSession(connection, { signal: NEVER, queryTimeoutMs: 0 }, async (session) => {
    const tables = await session.rows(
      "list tables",
      `SELECT table_schema AS s, table_name AS n, auto_increment AS next FROM information_schema.tables
        WHERE table_schema IN ('staff', 'rental') AND table_type = 'BASE TABLE' ORDER BY 1, 2`,
    );
    const numbers: Record<string, string> = {};
    for (const { s, n, next } of tables) {
      const [row] = await session.rows("count rows", `SELECT COUNT(*) AS c FROM \`${String(s)}\`.\`${String(n)}\``);
      numbers[`${String(s)}.${String(n)}`] = `${String(row?.c)} rows, next ${String(next)}`;
    }
    return numbers;
  });
}
