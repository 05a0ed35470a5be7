// `npm run test:full [-- PART]`: the specs of `npm test` at the sizes that the parts demand (HOLDFAST_FULL=1), one file
// after the other. It may take hours; called again on the same commit it goes on behind the last file that passed.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { NODE, ROOT } = require("./paths.cjs");
const { print, runStages } = require("./run-stages.cjs");
const { JOURNEYS, VITEST, reports } = require("./stages.cjs");

const RESULTS = path.join(ROOT, "bench", "results");

function git(...args) {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
}

function describeMachine() {
  return {
    cores: os.cpus().length,
    memoryBytes: os.totalmem(),
    node: execFileSync(NODE, ["--version"], { encoding: "utf8" }).trim(),
  };
}

/** What an earlier call found out about the same commit and the same files. */
function resume(file, commit) {
  const fresh = { commit, machine: describeMachine(), startedAt: new Date().toISOString(), specs: {}, figures: [] };
  if (commit.endsWith("-changed") || !fs.existsSync(file)) return fresh;
  const earlier = JSON.parse(fs.readFileSync(file, "utf8"));
  return earlier.commit === commit ? { ...earlier, ok: undefined } : fresh;
}

function store(file, result) {
  fs.mkdirSync(RESULTS, { recursive: true });
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(result, null, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
}

function listSpecs() {
  const listed = execFileSync(VITEST[0], [...VITEST.slice(1), "list", "--filesOnly", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const specs = JSON.parse(listed).map((entry) => path.relative(ROOT, entry.file));
  return [...new Set(specs)].sort();
}

/** One spec as a stage; `figures` is where its records go (see bench/figures.ts). */
function stageOf(spec, figures) {
  const env = { HOLDFAST_FULL: "1", HOLDFAST_FIGURES: figures, TZ: "UTC" };
  if (spec === JOURNEYS.name) return { ...JOURNEYS, env: { ...JOURNEYS.env, ...env } };
  const report = path.join(reports, "full.json");
  const output = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return { name: spec, command: [...VITEST, "run", spec, ...output], env, report, kind: "vitest" };
}

function readFigures(file) {
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

async function runSpec(spec, result) {
  const figures = path.join(reports, "figures.ndjson");
  fs.rmSync(figures, { force: true });
  const since = Date.now();
  const { isGreen, passed, failed } = await runStages([stageOf(spec, figures)]);
  result.specs[spec] = { ok: isGreen, passed, failed, seconds: (Date.now() - since) / 1_000 };
  const names = new Set(readFigures(figures).map((figure) => figure.name));
  result.figures = [...result.figures.filter((figure) => !names.has(figure.name)), ...readFigures(figures)];
}

async function main([part = "part1"]) {
  if (!/^[a-z0-9-]+$/.test(part)) {
    process.stderr.write(`"${part}" is no name of a part: letters, digits and dashes\n`);
    process.exitCode = 2;
    return;
  }
  const file = path.join(RESULTS, `${part}.json`);
  const isChanged = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results") !== "";
  const result = resume(file, `${git("rev-parse", "HEAD")}${isChanged ? "-changed" : ""}`);
  const specs = [...listSpecs(), ...(JOURNEYS.isThere() ? [JOURNEYS.name] : [])];
  for (const spec of specs) {
    if (result.specs[spec]?.ok) continue;
    await runSpec(spec, result);
    store(file, result);
  }
  const all = Object.values(result.specs);
  const ok = all.every((spec) => spec.ok);
  store(file, { ...result, ok, endedAt: new Date().toISOString() });
  const sum = (key) => all.reduce((total, spec) => total + spec[key], 0);
  print(`written to ${path.relative(ROOT, file)}\n${sum("passed")} passed, ${sum("failed")} failed`);
  process.exitCode = ok ? 0 : 1;
}

main(process.argv.slice(2));
