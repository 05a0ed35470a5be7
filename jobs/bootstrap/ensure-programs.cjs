"use strict";

const { missingPackages } = require("./find-programs.cjs");
const { installPackages } = require("./install-packages.cjs");
const { StepError, say } = require("./run-step.cjs");

/**
 * Installs the packages of missing programs. What is only wished for may stay away: the target then goes on without it,
 * and says so itself. @throws StepError when what is needed cannot be had
 */
async function ensurePrograms({ needed, wished }, tools = { missingPackages, installPackages }) {
  const missing = tools.missingPackages([...needed, ...wished]);
  if (missing.length === 0) return;
  try {
    await tools.installPackages(missing);
  } catch (error) {
    const lacking = tools.missingPackages(needed);
    if (!(error instanceof StepError) || lacking.length === missing.length) throw error;
    if (lacking.length > 0) await tools.installPackages(lacking);
    say(`${error.message} (going on without: ${missing.filter((name) => !lacking.includes(name)).join(" ")})`);
  }
}

module.exports = { ensurePrograms };
