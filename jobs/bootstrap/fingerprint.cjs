"use strict";

const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { ROOT, STAMPS } = require("./paths.cjs");

/** Every file below the paths (relative to the clone), sorted; `isLeftOut` tells what does not count. */
function listFiles(paths, isLeftOut = () => false) {
  const found = [];
  const visit = (relative) => {
    if (isLeftOut(relative)) return;
    const facts = fs.statSync(path.resolve(ROOT, relative), { throwIfNoEntry: false });
    if (!facts) return;
    if (!facts.isDirectory()) return found.push({ relative, size: facts.size, mtimeMs: facts.mtimeMs });
    for (const name of fs.readdirSync(path.resolve(ROOT, relative))) visit(path.posix.join(relative, name));
  };
  paths.forEach(visit);
  return found.sort((a, b) => (a.relative < b.relative ? -1 : 1));
}

/** What stat knows of the files: quick to take, and different after any checkout. */
function quickFingerprint(files) {
  const hash = createHash("sha256");
  for (const { relative, size, mtimeMs } of files) hash.update(`${relative}\0${size}\0${mtimeMs}\n`);
  return hash.digest("hex");
}

/** What is in the files. */
function contentFingerprint(files) {
  const hash = createHash("sha256");
  for (const { relative } of files) hash.update(`${relative}\0`).update(fs.readFileSync(path.resolve(ROOT, relative)));
  return hash.digest("hex");
}

function readStamp(name) {
  try {
    return JSON.parse(fs.readFileSync(path.join(STAMPS, `${name}.json`), "utf8"));
  } catch {
    return {}; // none, or one that was cut short: made anew
  }
}

function writeStamp(name, stamp) {
  fs.mkdirSync(STAMPS, { recursive: true });
  const file = path.join(STAMPS, `${name}.json`);
  fs.writeFileSync(`${file}.new`, JSON.stringify(stamp));
  fs.renameSync(`${file}.new`, file);
}

/** Whether the files are those of the stamp. Files that were only touched count as the same. */
function isFresh(name, files) {
  const stamp = readStamp(name);
  const quick = quickFingerprint(files);
  if (stamp.quick === quick) return true;
  if (stamp.content === undefined || stamp.content !== contentFingerprint(files)) return false;
  writeStamp(name, { ...stamp, quick });
  return true;
}

function stampOf(files) {
  return { quick: quickFingerprint(files), content: contentFingerprint(files) };
}

module.exports = { contentFingerprint, isFresh, listFiles, quickFingerprint, stampOf, writeStamp };
