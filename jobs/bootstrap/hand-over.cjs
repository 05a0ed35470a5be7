"use strict";

const { spawn } = require("node:child_process");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { searchPath } = require("./find-programs.cjs");
const { MODULES, NODE, ROOT } = require("./paths.cjs");

const PARENT_PERIOD_MS = 500;

/** Becomes the target, as far as Node can: same terminal, same directory, same signals, same end. */
function handOver(target, args) {
  const file = path.join(ROOT, target.file);
  const tsx = pathToFileURL(path.join(MODULES, "tsx", "dist", "loader.mjs")).href;
  const loader = file.endsWith(".ts") ? ["--import", tsx] : [];
  const child = spawn(NODE, [...loader, file, ...args], { stdio: "inherit", env: environment() });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {
    // A terminal sends it to the child as well, and twice would mean "at once".
    if (!process.stdin.isTTY) child.kill("SIGINT");
  });
  // A signal to npm ends npm and its shell, and reaches nobody else: who lost his parent was meant as well.
  const parent = process.ppid;
  const orphaned = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(orphaned);
    child.kill("SIGTERM");
  }, PARENT_PERIOD_MS);
  child.on("exit", (code, signal) => {
    clearInterval(orphaned);
    if (!signal) return process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function environment() {
  const programs = path.join(MODULES, ".bin");
  return {
    ...process.env,
    PATH: [programs, ...searchPath()].join(path.delimiter),
    // The command may be called from any directory.
    TSX_TSCONFIG_PATH: path.join(ROOT, "tsconfig.json"),
    NODE_COMPILE_CACHE: path.join(MODULES, ".cache", "node"),
  };
}

module.exports = { handOver };
