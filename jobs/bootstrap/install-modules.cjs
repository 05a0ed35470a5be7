"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { isFresh, listFiles, stampOf, writeStamp } = require("./fingerprint.cjs");
const { NODE, ROOT } = require("./paths.cjs");
const { StepError, runStep, say } = require("./run-step.cjs");
const { withLock } = require("./take-lock.cjs");

const STAMP = "modules";

/** Installs the npm packages of package-lock.json unless node_modules holds them. @throws StepError */
async function ensureModules() {
  if (areModulesFresh()) return;
  await withLock(
    async () => {
      if (areModulesFresh()) return;
      const files = lockFiles();
      if (!isSameTree(readJson("package-lock.json"), readJson("node_modules/.package-lock.json"))) {
        await runStep("installing npm packages", "npm", [
          "ci",
          "--include=dev",
          "--no-audit",
          "--no-fund",
          "--loglevel=error",
        ]);
      }
      if (!fs.existsSync(NODE)) {
        throw new StepError(`"${NODE}" is missing: npm ran no install scripts; run \`npm rebuild node\``, "");
      }
      writeStamp(STAMP, stampOf(files));
    },
    () => say("another process installs or builds; waiting for it"),
  );
}

function lockFiles() {
  return listFiles(["package-lock.json"]);
}

function areModulesFresh() {
  return isFresh(STAMP, lockFiles()) && fs.existsSync(NODE);
}

/**
 * Whether npm's own note of what lies in node_modules has every package of the lock file in its version: true after
 * `npm install`, which also changes the lock file. Optional packages of other machines may be missing.
 */
function isSameTree(lock, installed) {
  if (!lock || !installed) return false;
  return Object.entries(lock.packages).every(([where, wanted]) => {
    if (where === "") return true;
    const found = installed.packages[where];
    if (!found) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function readJson(relative) {
  try {
    return JSON.parse(fs.readFileSync(path.join(ROOT, relative), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

module.exports = { ensureModules, isSameTree };
