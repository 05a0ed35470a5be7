"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { isInstalled, searchPath } = require("./find-programs.cjs");
const { StepError, runStep } = require("./run-step.cjs");

/** Installs Debian packages, as root or through sudo. @throws StepError that names what to install by hand */
async function installPackages(packages) {
  const command = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  if (!isInstalled("apt-get", searchPath())) {
    throw new StepError(
      `this machine lacks programs and has no apt-get; install what Debian has as: ${packages.join(" ")}`,
      "",
    );
  }
  const isRoot = process.getuid() === 0;
  if (!isRoot && !isInstalled("sudo", searchPath())) {
    throw new StepError(`this machine lacks programs; install them as root: ${command}`, "");
  }
  const script = [path.join(__dirname, "install-as-root.cjs"), ...packages];
  // Without a terminal nobody can type a password.
  const ask = process.stdin.isTTY ? [] : ["-n"];
  const [program, args] = isRoot ? [process.execPath, script] : ["sudo", [...ask, process.execPath, ...script]];
  try {
    await runStep(`installing ${packages.join(" ")}`, program, args, { input: "terminal" });
  } catch (error) {
    throw new StepError(`${error.message}; install them as root: ${command}`, error.output);
  }
}

/** Whether apt has read no list of packages yet, as on a new image. */
function areListsEmpty(directory = "/var/lib/apt/lists") {
  if (!fs.existsSync(directory)) return true;
  return !fs.readdirSync(directory).some((name) => /_Packages(\.\w+)?$/.test(name));
}

module.exports = { areListsEmpty, installPackages };
