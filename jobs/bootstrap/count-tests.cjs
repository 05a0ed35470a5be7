"use strict";

const fs = require("node:fs");

/** The counts in a report of Vitest (`--reporter=json`) or Playwright. A missing report counts nothing. */
function countTests(kind, file) {
  if (!fs.existsSync(file)) return { passed: 0, failed: 0, skipped: 0 };
  const report = JSON.parse(fs.readFileSync(file, "utf8"));
  return kind === "playwright" ? countJourneys(report.stats) : countVitest(report);
}

/** A test file that does not even load fails as a suite without tests. */
function countVitest(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** A flaky journey failed once. */
function countJourneys(stats) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}

module.exports = { countJourneys, countTests, countVitest };
