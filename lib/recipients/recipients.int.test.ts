import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMINISTRATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { type MemoryEstate, beginMemoryEstate } from "@/lib/db/test-protection";
import { MEMORY_IDENTITY } from "@/lib/engines/envelope/memory/engine";
import { ForbiddenError, NotFoundError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { testEstate } from "@/lib/db/test-estate";
import { askRecipient, listRecipients, proveRecipient } from ".";

let database: TestDatabase;
let estate: MemoryEstate;
const [recipient = ""] = testEstate().keys.recipients;
const { signal } = new AbortController();
beforeAll(async () => {
  database = await openTestDatabase();
  estate = await beginMemoryEstate(database);
});
afterAll(() => database.close());

const ctx = (actor = ADMINISTRATOR) => database.ctx(actor);
const ask = () => askRecipient(ctx(), { recipient }, { engines: estate.engines, signal });
const stateOf = async () => (await listRecipients(ctx()))[0]?.state;

/** What the holder of the private key reads. */
async function wordIn(repository: "primary" | "secondary", key: string): Promise<string> {
  const sealed = await estate.stores[repository].get(key, { signal });
  const opening = estate.engines.envelope.open(sealed, { encrypted: true, identityFile: MEMORY_IDENTITY, signal });
  const word = (await text(opening.output)).trim();
  await opening.done;
  return word;
}

describe("a recipient", () => {
  test("is proven by the word that its private key finds in the test object, the same in every repository", async () => {
    expect(await stateOf()).toBe("never");
    await expect(proveRecipient(ctx(), { recipient, word: "x" })).rejects.toThrow(PreconditionError);
    const { key, repositories } = await ask();
    expect(repositories).toEqual(["primary", "secondary"]);
    expect(await stateOf()).toBe("asked");
    const word = await wordIn("secondary", key);
    expect(await wordIn("primary", key)).toBe(word);
    await expect(proveRecipient(ctx(), { recipient, word: "another" })).rejects.toThrow(RefusedError);
    await proveRecipient(ctx(), { recipient, word });
    expect(await stateOf()).toBe("proven");
  });

  test("stays proven when it is asked again, until 180 days have passed", async () => {
    const first = await ask();
    const old = await wordIn("primary", first.key);
    await ask();
    expect(await stateOf()).toBe("proven");
    await expect(proveRecipient(ctx(), { recipient, word: old })).rejects.toThrow(RefusedError);
    database.clock.advance(181 * 86_400_000);
    expect(await stateOf()).toBe("old");
  });

  test("is asked by administrators alone, and only when it is declared; no word is in the audit log", async () => {
    await expect(askRecipient(ctx(VIEWER), { recipient }, { engines: estate.engines, signal })).rejects.toThrow(
      ForbiddenError,
    );
    await expect(askRecipient(ctx(), { recipient: "age1other" }, { engines: estate.engines, signal })).rejects.toThrow(
      NotFoundError,
    );
    const { key } = await ask();
    const word = await wordIn("primary", key);
    expect(JSON.stringify(await database.db.auditEvent.findMany())).not.toContain(word);
    expect(JSON.stringify(await database.db.recipientProof.findMany())).not.toContain(word);
  });
});
