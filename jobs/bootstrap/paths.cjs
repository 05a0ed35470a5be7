"use strict";

const path = require("node:path");

const ROOT = path.resolve(__dirname, "../..");

module.exports = {
  ROOT,
  MODULES: path.join(ROOT, "node_modules"),
  /** Fingerprints of what was installed and built. It goes with node_modules. */
  STAMPS: path.join(ROOT, "node_modules", ".cache", "holdfast"),
  /** The Node that does the work. */
  NODE: path.join(ROOT, "node_modules", "node", "bin", "node"),
};
