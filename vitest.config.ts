import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

// Dates are UTC unless a run asks for another zone: `TZ=America/St_Johns vitest run --project unit`.
process.env.TZ ??= "UTC";

const production = ["**/node_modules/**", "**/.next/**", "e2e/**"];

/** Needs real servers: a `.int.test.ts`, or the contract suite of a port run by a vendor's `engine.test.ts`. */
const integration = ["**/*.int.test.ts", "**/engine.test.ts"];

/** A skipped test proves nothing, and a skipped restore test least of all. `-t` leaves out tests by intent. */
function refuseSkipped(): Reporter {
  let isPicked = false;
  return {
    onInit: (vitest) => {
      isPicked = vitest.config.testNamePattern !== undefined;
    },
    onTestRunEnd: (modules) => {
      if (isPicked) return;
      for (const file of modules) {
        for (const test of file.children.allTests("skipped")) {
          process.stderr.write(`skipped: ${file.relativeModuleId} > ${test.fullName}\n`);
          process.exitCode = 1;
        }
      }
    },
  };
}

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    // A flaky test is mended, not repeated.
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    maxWorkers: 2,
    reporters: ["default", refuseSkipped()],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.{ts,tsx}"],
          exclude: [...production, ...integration],
          testTimeout: 5_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: integration,
          exclude: production,
          globalSetup: ["lib/db/test-server.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
