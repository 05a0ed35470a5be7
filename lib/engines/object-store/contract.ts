import { afterAll, beforeAll, describe } from "vitest";
import { testAbandonedCalls, testBrokenPuts } from "./contract/broken-puts";
import { testAnswers, testKeys, testUnfinished } from "./contract/housekeeping";
import { testDeleting, testListing, testReading } from "./contract/read-and-list";
import { testOverwriting, testParts, testRoundTrips } from "./contract/store-and-overwrite";
import type { StoreUnderTest } from "./contract/store-under-test";

export { failureOf } from "./contract/store-under-test";

/** What every store of this port guarantees, sentence by sentence. */
export function describeObjectStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as an object store`, () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());
    const opened = () => under;

    testRoundTrips(opened);
    testParts(opened);
    testOverwriting(opened);
    testBrokenPuts(opened);
    testAbandonedCalls(opened);
    testReading(opened);
    testListing(opened);
    testDeleting(opened);
    testUnfinished(opened);
    testKeys(opened);
    testAnswers(opened);
  });
}
