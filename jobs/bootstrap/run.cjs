#!/usr/bin/env node
// Starts one of the project's commands after installing and building what it needs:
//   node jobs/bootstrap/run.cjs <demo|test|test:full|bench|holdfast|check> -- ARGUMENTS
// Nothing is installed yet when it is read, and Node may be an old one: plain CommonJS, and no new syntax in this file.
"use strict";

var checkNode = require("./check-node.cjs");

var refusal = checkNode.refuseOldNode(process.versions.node);
if (refusal) {
  process.stderr.write(refusal + "\n");
  process.exit(1);
}

require("./main.cjs").main(process.argv.slice(2));
