import { Client } from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { defineJob, enqueue, ensureQueues, queueName, startQueue } from ".";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const job = defineJob({
  name: "test.greet",
  payload: z.strictObject({ name: z.string() }),
  retries: 1,
  heartbeatSeconds: 10,
});

const send = (name: string, place: string, singletonKey?: string) =>
  database
    .ctx()
    .transaction((tx) => enqueue(tx, job, { payload: { name }, place, ...(singletonKey ? { singletonKey } : {}) }));
const jobsAt = async (place: string): Promise<string[]> => {
  const rows = await database.db.$queryRaw<{ data: { name: string } }[]>`
    SELECT data FROM pgboss.job WHERE name = ${queueName(job, place)} ORDER BY created_on`;
  return rows.map((row) => row.data.name);
};

test("a job waits in the queue of its own place, and one process may send to several places", async () => {
  await ensureQueues(database.databaseUrl, [job], ["here", "there"]);
  await send("Ada", "here");
  await send("Grace", "there");
  await send("Edsger", "here");
  expect(await jobsAt("here")).toEqual(["Ada", "Edsger"]);
  expect(await jobsAt("there")).toEqual(["Grace"]);
});

test("a place that is new is served as soon as its queue is made, by a process that met it missing before", async () => {
  await expect(send("Alan", "later")).rejects.toThrow(/does not exist/);
  await ensureQueues(database.databaseUrl, [job], ["later"]);
  await send("Alan", "later");
  expect(await jobsAt("later")).toEqual(["Alan"]);
});

test("making queues again changes nothing", async () => {
  await ensureQueues(database.databaseUrl, [job], ["here", "again"]);
  await ensureQueues(database.databaseUrl, [job], ["here", "again"]);
  const rows = await database.db.$queryRaw<{ n: bigint }[]>`
    SELECT count(*) AS n FROM pgboss.queue WHERE name = ${queueName(job, "again")}`;
  expect(rows[0]?.n).toBe(1n);
});

test("jobs sent by transactions at once are all there, and one of a transaction that fails is not", async () => {
  await ensureQueues(database.databaseUrl, [job], ["busy"]);
  await Promise.all(["a", "b", "c"].map((name) => send(name, "busy")));
  const failing = database.ctx().transaction(async (tx) => {
    await enqueue(tx, job, { payload: { name: "never" }, place: "busy" });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect((await jobsAt("busy")).sort()).toEqual(["a", "b", "c"]);
});

test("a payload of another shape is refused before anything is sent", async () => {
  const sending = database
    .ctx()
    .transaction((tx) => enqueue(tx, job, { payload: { name: 7 } as unknown as { name: string }, place: "here" }));
  await expect(sending).rejects.toThrow(z.ZodError);
});

test("a runner of a place gets the jobs of that place", async () => {
  await ensureQueues(database.databaseUrl, [job], ["mine", "theirs"]);
  await send("theirs", "theirs");
  await send("mine", "mine");
  const queue = await startQueue(database.databaseUrl, [job], ["mine"]);
  onTestFinished(() => queue.stop({ graceful: false }));
  const got = Promise.withResolvers<string>();
  await queue.work<{ name: string }>(queueName(job, "mine"), { pollingIntervalSeconds: 0.5 }, async ([first]) => {
    if (first) got.resolve(first.data.name);
    await Promise.resolve();
  });
  expect(await got.promise).toBe("mine");
  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query("SELECT state FROM pgboss.job WHERE name = $1", [queueName(job, "theirs")]);
  expect(rows).toEqual([{ state: "created" }]);
});
