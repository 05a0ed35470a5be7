"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { TARGETS } = require("./targets.cjs");
const { ensurePrograms } = require("./ensure-programs.cjs");
const { ensureModules } = require("./install-modules.cjs");
const { ensureBuild, ensureClient } = require("./build-artifacts.cjs");
const { StepError } = require("./run-step.cjs");
const { handOver } = require("./hand-over.cjs");
const { ROOT } = require("./paths.cjs");

/** Installs and builds what the target needs, then becomes it. Everything said here goes to stderr. */
async function main(argv) {
  const [name, separator, ...rest] = argv;
  const target = TARGETS[name];
  if (!target || (separator !== undefined && separator !== "--")) {
    process.stderr.write(`usage: node jobs/bootstrap/run.cjs <${Object.keys(TARGETS).join("|")}> -- ARGUMENTS\n`);
    process.exitCode = 2;
    return;
  }
  process.env.NEXT_TELEMETRY_DISABLED = "1";
  try {
    await ensurePrograms({ needed: target.programs(rest), wished: target.wishes?.(rest) ?? [] });
    await ensureModules();
    await ensureClient();
    if (target.needsBuild(rest)) await ensureBuild();
    if (!fs.existsSync(path.join(ROOT, target.file))) {
      throw new StepError(`"${target.file}" is not part of this Holdfast`, "");
    }
    handOver(target, rest);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`${error.output}holdfast: ${error.message}\n`);
    process.exitCode = 1;
  }
}

module.exports = { main };
