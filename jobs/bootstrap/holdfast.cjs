#!/usr/bin/env node
// The command `holdfast`, wherever it is called from.
"use strict";

var checkNode = require("./check-node.cjs");

var refusal = checkNode.refuseOldNode(process.versions.node);
if (refusal) {
  process.stderr.write(refusal + "\n");
  process.exit(1);
}

require("./main.cjs").main(["holdfast", "--"].concat(process.argv.slice(2)));
