"use strict";

/** Programs that a recovery needs. */
const RECOVERY = [
  "mariadbd",
  "mariadb-install-db",
  "mariadb",
  "mariadb-dump",
  "mariadb-binlog",
  "mariadb-backup",
  "mbstream",
];
const PIPELINE = ["zstd", "age", "tar", "openssl", "git"];
/** The practice estate's object stores. */
const STORES = ["radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "ceph-authtool", "monmaptool", "curl"];

/** What a benchmark compares with beside the standard's own commands. */
const RIVALS = ["mydumper", "myloader", "rclone"];

/** For journeys in a browser, and for a restore without Holdfast. */
const PROOFS = ["chromium", "jq"];

const runner = [...RECOVERY, ...PIPELINE];
const estate = [...runner, ...STORES];

/** Commands that serve the console's pages. */
const SERVING = ["up", "web"];
/** Uses of the demo that show no page. */
const PAGELESS = ["--check", "break", "stop", "estate", "--help", "-h"];

/**
 * What `npm run NAME` starts. `programs`: what must be on the machine. `wishes`: what it goes
 * on without where it cannot be installed. `node`: whether `file` is plain JavaScript for
 * Node; else it is TypeScript for tsx.
 */
const TARGETS = {
  demo: {
    file: "demo/main.ts",
    programs: () => runner,
    wishes: () => STORES,
    needsBuild: (args) => !PAGELESS.some((use) => args.includes(use)),
  },
  bench: {
    file: "bench/main.ts",
    programs: () => estate,
    wishes: () => RIVALS,
    needsBuild: (args) => args.includes("console"),
  },
  holdfast: { file: "jobs/cli.ts", programs: () => runner, needsBuild: (args) => SERVING.includes(args[0]) },
  test: { file: "jobs/bootstrap/test.cjs", programs: () => [...estate, ...PROOFS], needsBuild: () => false },
  "test:full": {
    file: "jobs/bootstrap/test-full.cjs",
    programs: () => [...estate, ...PROOFS],
    needsBuild: () => true,
  },
  check: { file: "jobs/bootstrap/check.cjs", programs: () => ["git"], needsBuild: () => false },
};

module.exports = { TARGETS };
