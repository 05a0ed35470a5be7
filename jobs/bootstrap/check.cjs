// `npm run check`: what needs no server: format, lint, layers, unused code, types.
"use strict";

const { runStages } = require("./run-stages.cjs");
const { ROUTE_TYPES, STATIC, TYPES } = require("./stages.cjs");

runStages([...STATIC, ROUTE_TYPES, TYPES]).then(({ isGreen }) => {
  process.exitCode = isGreen ? 0 : 1;
});
