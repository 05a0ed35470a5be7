"use strict";

const fs = require("node:fs");

const POLICY = "/usr/sbin/policy-rc.d";
const MARK = "# Holdfast: only while it installs packages; delete this file when no installation runs.";
const REFUSE_ALL = `#!/bin/sh\n${MARK}\nexit 101\n`;

/**
 * Forbids packages to start services while they are installed; returns the way to allow it again. A policy that the
 * machine already has stays as it is, except our own that a killed installation left behind.
 */
function forbidServices(file = POLICY) {
  if (isOurs(file)) fs.unlinkSync(file);
  try {
    fs.writeFileSync(file, REFUSE_ALL, { flag: "wx", mode: 0o755 });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return () => undefined;
  }
  fs.chmodSync(file, 0o755);
  return () => {
    if (isOurs(file)) fs.unlinkSync(file);
  };
}

function isOurs(file) {
  try {
    return fs.readFileSync(file, "utf8").includes(MARK);
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
}

module.exports = { forbidServices };
