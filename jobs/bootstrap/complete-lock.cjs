// `npm run lock` after a package was added. npm leaves optional packages for other machines out of package-lock.json
// when the registry in use does not carry them, and `npm ci` then refuses the file everywhere.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { ROOT } = require("./paths.cjs");

const CPUS = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];

/** Where npm would find `name` for the package at `where`, or null. */
function resolveFrom(packages, where, name) {
  for (let at = where; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const candidate = `${at ? `${at}/` : ""}node_modules/${name}`;
    if (packages[candidate]) return candidate;
    if (at === "") return null;
  }
}

/** The optional packages that the lock file names and does not describe: `{ name, version, dev }`. */
function missingOptional(lock) {
  return Object.entries(lock.packages).flatMap(([where, holder]) =>
    Object.entries(holder.optionalDependencies || {})
      .filter(([name]) => resolveFrom(lock.packages, where, name) === null)
      .map(([name, version]) => ({ name, version, dev: holder.dev === true })),
  );
}

/** `@next/swc-linux-x64-musl`: the machine stands in the name. @throws Error when it does not, or the version is a range */
function describe({ name, version, dev }) {
  const words = name.split(/[/-]/);
  const cpu = CPUS.find((known) => words.includes(known));
  const system = SYSTEMS.find((known) => words.includes(known));
  if (!cpu || (!system && cpu !== "wasm32") || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(`"${name}" ("${version}") has to be described in package-lock.json by hand`);
  }
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev: true } : {}),
    ...(system === "linux" ? { libc: [words.some((word) => word.startsWith("musl")) ? "musl" : "glibc"] } : {}),
    optional: true,
    ...(system ? { os: [system] } : {}),
  };
}

function completeLock(lock) {
  const added = missingOptional(lock).map((wanted) => [`node_modules/${wanted.name}`, describe(wanted)]);
  const packages = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, "en"));
  return { ...lock, packages: Object.fromEntries(packages) };
}

if (require.main === module) {
  const file = path.join(ROOT, "package-lock.json");
  const lock = JSON.parse(fs.readFileSync(file, "utf8"));
  process.stdout.write(`${missingOptional(lock).length} optional packages added\n`);
  fs.writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
}

module.exports = { completeLock, missingOptional };
