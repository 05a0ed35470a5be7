"use strict";

const { spawn } = require("node:child_process");
const { ROOT } = require("./paths.cjs");

/** A step of the installation failed. `output`: what its program said, to be shown before the message. */
class StepError extends Error {
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

const OUTPUT_CHARACTERS_MAX = 200_000;
const SIGN_OF_LIFE_MS = 15_000;

function say(text) {
  process.stderr.write(`holdfast: ${text}\n`);
}

function seconds(since) {
  return `${((Date.now() - since) / 1_000).toFixed(1)} s`;
}

/** Runs a program to its end and keeps what it says. Resolves with its exit code and output. */
function capture(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: [options.input === "terminal" ? "inherit" : "ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
    });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_CHARACTERS_MAX);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** Runs a program behind one line of progress. @throws StepError with its output when it fails */
async function runStep(title, program, args, options = {}) {
  const since = Date.now();
  say(`${title} …`);
  const life = setInterval(() => say(`${title} … ${seconds(since)}`), SIGN_OF_LIFE_MS);
  try {
    const { code, output } = await capture(program, args, options);
    if (code !== 0) throw new StepError(`${title}: "${program}" ended with exit code ${code}`, output);
    say(`${title}: ${seconds(since)}`);
    return output;
  } catch (error) {
    if (error instanceof StepError) throw error;
    throw new StepError(`${title}: "${program}" cannot be started (${error.message})`, "");
  } finally {
    clearInterval(life);
  }
}

module.exports = { StepError, capture, runStep, say, seconds };
