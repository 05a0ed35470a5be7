"use strict";

const fs = require("node:fs");
const path = require("node:path");

/** The Debian package that brings each program. */
const PACKAGES = {
  mariadbd: "mariadb-server-core",
  "mariadb-install-db": "mariadb-server-core",
  mariadb: "mariadb-client",
  "mariadb-dump": "mariadb-client",
  "mariadb-binlog": "mariadb-client",
  "mariadb-backup": "mariadb-backup",
  mbstream: "mariadb-backup",
  zstd: "zstd",
  age: "age",
  tar: "tar",
  openssl: "openssl",
  git: "git",
  curl: "curl",
  radosgw: "radosgw",
  "radosgw-admin": "ceph-common",
  ceph: "ceph-common",
  "ceph-authtool": "ceph-common",
  "ceph-mon": "ceph-mon",
  "ceph-osd": "ceph-osd",
  monmaptool: "ceph-base",
  chromium: "chromium",
  jq: "jq",
  mydumper: "mydumper",
  myloader: "mydumper",
  rclone: "rclone",
};

/** A user's PATH may lack the directories where Debian puts servers. */
const SERVER_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Whether a program is in one of the directories. */
function isInstalled(program, directories) {
  return directories.some((directory) => {
    try {
      fs.accessSync(path.join(directory, program), fs.constants.X_OK);
      return true;
    } catch {
      return false; // not there, or not a program: the answer is the false
    }
  });
}

function searchPath(environment = process.env) {
  const own = (environment.PATH || "").split(path.delimiter).filter((directory) => directory !== "");
  return [...new Set([...own, ...SERVER_DIRECTORIES])];
}

/** The packages of the programs that are missing, each once. */
function missingPackages(programs, directories = searchPath()) {
  const missing = programs.filter((program) => !isInstalled(program, directories));
  return [...new Set(missing.map((program) => PACKAGES[program]))];
}

module.exports = { PACKAGES, isInstalled, missingPackages, searchPath };
