"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { capture, seconds } = require("./run-step.cjs");
const { countTests } = require("./count-tests.cjs");

const SIGN_OF_LIFE_MS = 30_000;

function print(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs stages one after the other, shows how long each took, and stops at the first that fails, with its output.
 * @returns whether all passed, and how many tests passed and failed in them
 */
async function runStages(stages) {
  const total = { passed: 0, failed: 0 };
  const since = Date.now();
  for (const stage of stages) {
    if (stage.isThere && !stage.isThere()) continue;
    const result = await runStage(stage);
    total.passed += result.passed;
    total.failed += result.failed;
    if (!result.isGreen) return { isGreen: false, ...total };
  }
  print(`${"total".padEnd(20)} ${seconds(since)}`);
  return { isGreen: true, ...total };
}

async function runStage(stage) {
  const since = Date.now();
  const life = setInterval(() => print(`${stage.name} … ${seconds(since)}`), SIGN_OF_LIFE_MS);
  if (stage.report) prepareReport(stage.report);
  const { code, output } = await perform(stage);
  clearInterval(life);
  const counts = stage.report ? countTests(stage.kind, stage.report) : { passed: 0, failed: 0, skipped: 0 };
  const complaint = complaintOf(stage, code, counts);
  const tests = stage.report ? `  ${counts.passed} passed${counts.failed > 0 ? `, ${counts.failed} failed` : ""}` : "";
  print(`${stage.name.padEnd(20)} ${seconds(since).padStart(8)}${tests}${complaint ? "  FAILED" : ""}`);
  if (!complaint) return { isGreen: true, ...counts };
  print(`\n${output.trimEnd()}\n\n${stage.name}: ${complaint}`);
  return { isGreen: false, passed: counts.passed, failed: Math.max(1, counts.failed) };
}

/** A report of an earlier run must not speak for this one. */
function prepareReport(report) {
  fs.mkdirSync(path.dirname(report), { recursive: true });
  fs.rmSync(report, { force: true });
}

async function perform(stage) {
  if (stage.perform) return await stage.perform();
  const [program, ...args] = typeof stage.command === "function" ? stage.command() : stage.command;
  return await capture(program, args, { env: { FORCE_COLOR: "0", NO_COLOR: "1", ...stage.env } });
}

/** Why a stage is not green; null when it is. A skipped test counts as none. */
function complaintOf(stage, code, counts) {
  if (code !== 0) return `ended with exit code ${code}`;
  if (counts.failed > 0) return `${counts.failed} tests failed`;
  if (counts.skipped > 0) return `${counts.skipped} tests were skipped, and a skipped test proves nothing`;
  if (stage.report && counts.passed === 0) return "ran no test";
  return null;
}

module.exports = { complaintOf, print, runStages };
