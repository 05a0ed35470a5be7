// `npm test`: every check and test, ending with the plain line that CI reads. `npm test -- unit types` runs these stages.
"use strict";

const { ensureBuild } = require("./build-artifacts.cjs");
const { StepError } = require("./run-step.cjs");
const { print, runStages } = require("./run-stages.cjs");
const { INTEGRATION, JOURNEYS, STATIC, TYPES, UNIT, UNIT_ELSEWHERE } = require("./stages.cjs");

/** Before the types: it writes those of the routes. */
const BUILD = {
  name: "build",
  perform: () =>
    ensureBuild().then(
      () => ({ code: 0, output: "" }),
      (error) => {
        if (error instanceof StepError) return { code: 1, output: error.output };
        throw error;
      },
    ),
};

const STAGES = [...STATIC, BUILD, TYPES, UNIT, UNIT_ELSEWHERE, INTEGRATION, JOURNEYS];

async function main(names) {
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `no such stage: ${unknown.join(", ")}; there are: ${STAGES.map((stage) => stage.name).join(", ")}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const { isGreen, passed, failed } = await runStages(
    STAGES.filter((stage) => names.length === 0 || names.includes(stage.name)),
  );
  print(`${passed} passed, ${failed} failed`);
  process.exitCode = isGreen ? 0 : 1;
}

main(process.argv.slice(2));
