import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const require = createRequire(import.meta.url);
const { missingPackages } = require("./find-programs.cjs") as {
  missingPackages(programs: string[], directories: string[]): string[];
};
const { areListsEmpty } = require("./install-packages.cjs") as { areListsEmpty(directory: string): boolean };
const { forbidServices } = require("./forbid-services.cjs") as { forbidServices(file: string): () => void };
const { contentFingerprint, listFiles, quickFingerprint } = require("./fingerprint.cjs") as {
  listFiles(paths: string[], isLeftOut?: (file: string) => boolean): { relative: string }[];
  quickFingerprint(files: object[]): string;
  contentFingerprint(files: object[]): string;
};

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "bootstrap-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("the packages of the programs that no directory holds are found, each once", async () => {
  const directory = await newDirectory();
  await writeFile(join(directory, "zstd"), "", { mode: 0o755 });
  await writeFile(join(directory, "age"), "no program", { mode: 0o644 });
  const missing = missingPackages(
    ["zstd", "age", "mariadb-dump", "mariadb-binlog", "radosgw"],
    ["/nowhere", directory],
  );
  expect(missing).toEqual(["age", "mariadb-client", "radosgw"]);
  await chmod(join(directory, "age"), 0o755);
  expect(missingPackages(["zstd", "age"], [directory])).toEqual([]);
});

test("package lists count as read when one of them names packages", async () => {
  const directory = await newDirectory();
  expect(areListsEmpty(join(directory, "none"))).toBe(true);
  await mkdir(join(directory, "partial"));
  await writeFile(join(directory, "lock"), "");
  expect(areListsEmpty(directory)).toBe(true);
  await writeFile(join(directory, "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4"), "");
  expect(areListsEmpty(directory)).toBe(false);
});

test("services are forbidden while packages are installed, and allowed again afterwards", async () => {
  const policy = join(await newDirectory(), "policy-rc.d");
  const allow = forbidServices(policy);
  const refusal = promisify(execFile)(policy, ["ceph", "start"]);
  await expect(refusal).rejects.toMatchObject({ code: 101 });
  allow();
  await expect(stat(policy)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a policy of the machine's own stays, and one that a killed installation left is taken away", async () => {
  const policy = join(await newDirectory(), "policy-rc.d");
  await writeFile(policy, "#!/bin/sh\nexit 0\n");
  forbidServices(policy)();
  expect(await readFile(policy, "utf8")).toBe("#!/bin/sh\nexit 0\n");

  await rm(policy);
  forbidServices(policy); // killed: never allowed again
  forbidServices(policy)();
  await expect(stat(policy)).rejects.toMatchObject({ code: "ENOENT" });
});

test("sources that were only touched have another quick fingerprint and the same content", async () => {
  const directory = await newDirectory();
  const file = join(directory, "page.tsx");
  await writeFile(file, "one");
  const take = () => {
    const files = listFiles([directory], (name) => name.endsWith(".test.tsx"));
    return { files: files.length, quick: quickFingerprint(files), content: contentFingerprint(files) };
  };
  const before = take();
  expect(before.files).toBe(1);
  await utimes(file, 1, 1);
  await writeFile(join(directory, "page.test.tsx"), "left out");
  const touched = take();
  expect(touched.files).toBe(1);
  expect(touched.quick).not.toBe(before.quick);
  expect(touched.content).toBe(before.content);
  await writeFile(file, "two");
  expect(take().content).not.toBe(before.content);
});
