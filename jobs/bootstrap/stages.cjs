"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { MODULES, NODE, ROOT } = require("./paths.cjs");

const bin = (...parts) => [NODE, path.join(MODULES, ...parts)];
const reports = path.join(MODULES, ".cache", "holdfast", "reports");

const NEXT = bin("next", "dist", "bin", "next");
const VITEST = bin("vitest", "vitest.mjs");
const PLAYWRIGHT_CONFIG = "e2e/playwright.config.ts";

/** Folders of code; a folder that is not there yet has nothing to check. */
const codeFolders = () => ["app", "components", "lib", "jobs", "demo", "bench", "e2e"].filter(hasFiles);

function hasFiles(folder) {
  return fs.existsSync(path.join(ROOT, folder)) && fs.readdirSync(path.join(ROOT, folder)).length > 0;
}

function vitest(name, project, env) {
  const report = path.join(reports, `${name}.json`);
  const output = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return { name, command: [...VITEST, "run", `--project=${project}`, ...output], env, report, kind: "vitest" };
}

const STATIC = [
  {
    name: "format",
    command: [...bin("prettier", "bin", "prettier.cjs"), "--check", "--cache", "--log-level=warn", "."],
  },
  {
    name: "lint",
    command: [
      ...bin("eslint", "bin", "eslint.js"),
      "--max-warnings=0",
      "--cache",
      "--cache-location=node_modules/.cache/eslint/",
      ".",
    ],
  },
  {
    name: "layers",
    command: () => [...bin("dependency-cruiser", "bin", "dependency-cruiser.mjs"), ...codeFolders()],
  },
  { name: "unused", command: [...bin("knip", "bin", "knip.js"), "--no-progress"] },
];

const TYPES = { name: "types", command: [...bin("typescript", "bin", "tsc"), "--noEmit"] };

/** Next writes the types of its routes; a build does so too. */
const ROUTE_TYPES = { name: "route types", command: [...NEXT, "typegen"] };

const UNIT = vitest("unit", "unit", { TZ: "UTC" });
/** A zone with half an hour and summer time: what depends on the machine's zone shows. */
const UNIT_ELSEWHERE = vitest("unit in St John's", "unit", { TZ: "America/St_Johns" });
const INTEGRATION = vitest("integration", "integration", { TZ: "UTC" });

const JOURNEYS = {
  name: "journeys",
  kind: "playwright",
  command: [...bin("@playwright", "test", "cli.js"), "test", `--config=${PLAYWRIGHT_CONFIG}`, "--reporter=list,json"],
  report: path.join(reports, "journeys.json"),
  env: { PLAYWRIGHT_JSON_OUTPUT_FILE: path.join(reports, "journeys.json"), TZ: "UTC" },
  isThere: () => fs.existsSync(path.join(ROOT, PLAYWRIGHT_CONFIG)),
};

module.exports = { INTEGRATION, JOURNEYS, ROUTE_TYPES, STATIC, TYPES, UNIT, UNIT_ELSEWHERE, VITEST, reports };
