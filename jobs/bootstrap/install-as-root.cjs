// Installs the Debian packages of its arguments without starting a service: `node install-as-root.cjs zstd age`.
"use strict";

const { spawnSync } = require("node:child_process");
const { areListsEmpty } = require("./install-packages.cjs");
const { forbidServices } = require("./forbid-services.cjs");

const ENVIRONMENT = {
  ...process.env,
  DEBIAN_FRONTEND: "noninteractive",
  // needrestart would restart the machine's services after the installation.
  NEEDRESTART_SUSPEND: "1",
};

function apt(args) {
  const options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
  return (
    spawnSync("apt-get", [...options, ...args], { stdio: ["ignore", "inherit", "inherit"], env: ENVIRONMENT })
      .status === 0
  );
}

function install(packages) {
  const args = ["install", "--yes", "--no-install-recommends", ...packages];
  const isFresh = areListsEmpty();
  if (isFresh && !apt(["update"])) return false;
  // An old list names versions that are no longer there.
  return apt(args) || (!isFresh && apt(["update"]) && apt(args));
}

const allowServices = forbidServices();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined); // apt-get ends; then we do
try {
  process.exitCode = install(process.argv.slice(2)) ? 0 : 1;
} finally {
  allowServices();
}
