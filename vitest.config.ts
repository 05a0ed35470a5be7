import { defineConfig } from "vitest/config";

// Dates are UTC unless a run asks for another zone: `TZ=America/St_Johns vitest run --project unit`.
process.env.TZ ??= "UTC";

const production = ["**/node_modules/**", "**/.next/**", "e2e/**"];

/** Needs real servers: a `.int.test.ts`, or the contract suite of a port run by a vendor's `engine.test.ts`. */
const integration = ["**/*.int.test.ts", "**/engine.test.ts"];

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    // A flaky test is mended, not repeated.
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    maxWorkers: 2,
    reporters: ["default"],
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
