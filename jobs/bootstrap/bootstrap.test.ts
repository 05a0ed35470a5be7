import { createRequire } from "node:module";
import { expect, test } from "vitest";

interface Locked {
  version?: string;
  integrity?: string;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}
interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
interface Lock {
  packages: Record<string, Locked>;
}
const require = createRequire(import.meta.url);
const { refuseOldNode } = require("./check-node.cjs") as { refuseOldNode(version: string): string | null };
const { PACKAGES } = require("./find-programs.cjs") as { PACKAGES: Record<string, string> };
const { TARGETS } = require("./targets.cjs") as {
  TARGETS: Record<
    string,
    { programs(args: string[]): string[]; wishes?(args: string[]): string[]; needsBuild(args: string[]): boolean }
  >;
};
const { StepError } = require("./run-step.cjs") as { StepError: new (message: string, output: string) => Error };
const { ensurePrograms } = require("./ensure-programs.cjs") as {
  ensurePrograms(programs: { needed: string[]; wished: string[] }, tools: object): Promise<void>;
};
const { isSameTree } = require("./install-modules.cjs") as {
  isSameTree(lock: Lock | null, found: Lock | null): boolean;
};
const { completeLock, missingOptional } = require("./complete-lock.cjs") as {
  completeLock(lock: Lock): Lock;
  missingOptional(lock: Lock): { name: string }[];
};
const { countJourneys, countVitest } = require("./count-tests.cjs") as {
  countJourneys(stats: object): Counts;
  countVitest(report: object): Counts;
};
const { complaintOf } = require("./run-stages.cjs") as {
  complaintOf(stage: object, code: number, counts: Counts): string | null;
};

test("an old Node is told which one is needed, and a sufficient one nothing", () => {
  expect(refuseOldNode("18.20.4")).toBe("Holdfast needs Node >= 20.19, this is 18.20.");
  expect(refuseOldNode("20.18.3")).toContain("this is 20.18");
  expect(["20.19.0", "22.0.0", "24.21.0"].map(refuseOldNode)).toEqual([null, null, null]);
});

test("every program that a target needs has a package to install", () => {
  const programs = Object.values(TARGETS).flatMap((target) => [...target.programs([]), ...(target.wishes?.([]) ?? [])]);
  expect(programs.filter((program) => !PACKAGES[program])).toEqual([]);
});

test("only the commands that serve pages wait for a build of the pages", () => {
  const commands = ["up", "web", "runner", "systems", "restore", "--help"];
  expect(commands.filter((command) => TARGETS.holdfast?.needsBuild([command]))).toEqual(["up", "web"]);
});

test("the demo waits for a build only where it shows pages", () => {
  const uses = [[], ["--data", "/tmp/x"], ["--check", "--json"], ["break", "database"], ["stop"]];
  expect(uses.map((args) => TARGETS.demo?.needsBuild(args))).toEqual([true, true, false, false, false]);
});

/** A machine on which only some packages can be installed. */
function machine(available: string[]) {
  const installed: string[] = [];
  return {
    installed,
    missingPackages: (names: string[]) => names.filter((name) => !installed.includes(name)),
    installPackages: (names: string[]) => {
      const refused = names.filter((name) => !available.includes(name));
      if (refused.length > 0) return Promise.reject(new StepError(`no package ${refused.join(" ")}`, ""));
      installed.push(...names);
      return Promise.resolve();
    },
  };
}

test("what is only wished for is installed with the rest, or done without; what is needed is not", async () => {
  const whole = machine(["mariadb", "radosgw"]);
  await ensurePrograms({ needed: ["mariadb"], wished: ["radosgw"] }, whole);
  expect(whole.installed).toEqual(["mariadb", "radosgw"]);
  const poor = machine(["mariadb"]);
  await ensurePrograms({ needed: ["mariadb"], wished: ["radosgw"] }, poor);
  expect(poor.installed).toEqual(["mariadb"]);
  await ensurePrograms({ needed: ["mariadb"], wished: ["radosgw"] }, poor);
  const without = ensurePrograms({ needed: ["mariadb", "age"], wished: [] }, machine(["mariadb"]));
  await expect(without).rejects.toThrow("no package age");
  const worse = ensurePrograms({ needed: ["age"], wished: ["radosgw"] }, machine([]));
  await expect(worse).rejects.toThrow("no package age");
});

const wanted: Lock = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/mac-only": { version: "2.0.0", integrity: "sha512-m", optional: true },
  },
};

test("modules are whole when every package that this machine can have is there as the lock file names it", () => {
  const a = { version: "1.0.0", integrity: "sha512-a" };
  expect(isSameTree(wanted, { packages: { "node_modules/a": a } })).toBe(true);
  expect(isSameTree(wanted, { packages: { "node_modules/a": { ...a, version: "1.0.1" } } })).toBe(false);
  expect(isSameTree(wanted, { packages: {} })).toBe(false);
  expect(isSameTree(wanted, null)).toBe(false);
});

test("package-lock.json describes every optional package, so that `npm ci` takes it (else: `npm run lock`)", () => {
  expect(missingOptional(require("../../package-lock.json") as Lock)).toEqual([]);
});

test("a lock file is completed with the packages of other machines, each for its own kind alone", () => {
  const optionalDependencies = {
    "@x/swc-linux-x64-musl": "1.2.3",
    "@x/swc-darwin-arm64": "1.2.3",
    "@x/swc-wasm32-wasi": "1.2.3",
  };
  const completed = completeLock({ packages: { "node_modules/x": { version: "1.2.3", optionalDependencies } } });
  expect(missingOptional(completed)).toEqual([]);
  expect(completed.packages).toMatchObject({
    "node_modules/@x/swc-darwin-arm64": { version: "1.2.3", optional: true, os: ["darwin"], cpu: ["arm64"] },
    "node_modules/@x/swc-linux-x64-musl": { os: ["linux"], cpu: ["x64"], libc: ["musl"] },
    "node_modules/@x/swc-wasm32-wasi": { cpu: ["wasm32"] },
  });
});

test("tests are counted as they ended: a file that does not load, a flaky journey and a todo are no passes", () => {
  const testResults = [
    { status: "passed", assertionResults: [{}] },
    { status: "failed", assertionResults: [] },
  ];
  const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults };
  expect(countVitest(report)).toEqual({ passed: 5, failed: 2, skipped: 3 });
  expect(countJourneys({ expected: 3, unexpected: 1, flaky: 1, skipped: 2 })).toEqual({
    passed: 3,
    failed: 2,
    skipped: 2,
  });
});

test.each([
  ["a failed test", 0, { passed: 4, failed: 1, skipped: 0 }],
  ["a skipped test", 0, { passed: 4, failed: 0, skipped: 1 }],
  ["no test at all", 0, { passed: 0, failed: 0, skipped: 0 }],
  ["an exit code", 1, { passed: 4, failed: 0, skipped: 0 }],
])("a stage is not green with %s", (_, code, counts) => {
  expect(complaintOf({ report: "x" }, code, counts)).not.toBeNull();
});

test("a stage is green when its tests ran and passed", () => {
  expect(complaintOf({ report: "x" }, 0, { passed: 4, failed: 0, skipped: 0 })).toBeNull();
  expect(complaintOf({}, 0, { passed: 0, failed: 0, skipped: 0 })).toBeNull();
});
