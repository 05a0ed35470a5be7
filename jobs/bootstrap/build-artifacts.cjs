"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { isFresh, listFiles, stampOf, writeStamp } = require("./fingerprint.cjs");
const { MODULES, NODE, ROOT } = require("./paths.cjs");
const { runStep, say } = require("./run-step.cjs");
const { withLock } = require("./take-lock.cjs");

const CLIENT = {
  stamp: "client",
  title: "generating the database client",
  proof: "lib/db/generated/client.ts",
  sources: () => listFiles(["prisma/schema.prisma", "prisma.config.ts", "node_modules/prisma/package.json"]),
  run: (title) =>
    runStep(title, NODE, [path.join(MODULES, "prisma", "build", "index.js"), "generate"], {
      // Prisma downloads a program that `generate` does not need, unless it is told of one.
      env: { PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true", PRISMA_HIDE_UPDATE_MESSAGE: "1" },
    }),
};

const CONSOLE = {
  stamp: "console",
  title: "building the console",
  proof: ".next/BUILD_ID",
  sources: consoleSources,
  run: (title) => runStep(title, NODE, [path.join(MODULES, "next", "dist", "bin", "next"), "build"]),
};

/** Everything that `next build` reads. */
function consoleSources() {
  const folders = ["app", "components", "lib", "public"];
  const files = ["next.config.ts", "proxy.ts", "postcss.config.mjs", "tsconfig.json", "package-lock.json"];
  const isLeftOut = (file) => file === "lib/db/generated" || /\.test\.tsx?$/.test(file);
  return listFiles([...folders, "prisma/schema.prisma", ...files], isLeftOut);
}

/** Writes Prisma's client when the schema changed. @throws StepError */
function ensureClient() {
  return ensure(CLIENT);
}

/** Builds the console's pages when their sources changed. @throws StepError */
function ensureBuild() {
  return ensure(CONSOLE);
}

async function ensure(artifact) {
  const isThere = () => fs.existsSync(path.join(ROOT, artifact.proof)) && isFresh(artifact.stamp, artifact.sources());
  if (isThere()) return;
  await withLock(
    async () => {
      if (isThere()) return;
      const stamp = stampOf(artifact.sources());
      await artifact.run(artifact.title);
      writeStamp(artifact.stamp, stamp);
    },
    () => say("another process installs or builds; waiting for it"),
  );
}

module.exports = { ensureBuild, ensureClient };
