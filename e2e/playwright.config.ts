import { defineConfig } from "@playwright/test";

/* Journeys in a real browser, on the practice estate and the built console that `start-estate.ts` brings up. */

const CI_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "results",
  globalSetup: "./start-estate.ts",
  // One estate, one worker: a journey may wait for a drill, and two drills share two cores.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [["line"], ["json", { outputFile: "results/report.json" }]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 720 },
    timezoneId: "UTC",
    locale: "en-GB",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: "/usr/bin/chromium", args: CI_ARGUMENTS },
  },
});
