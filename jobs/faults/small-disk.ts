import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "@/lib/engines/shared/process";

/** A file system of a few megabytes, to be full when a test wants it. */
export interface SmallDisk {
  path: string;
  /** Takes all the room that is left. */
  fill(): Promise<void>;
  /** Gives it back. */
  free(): Promise<void>;
  unmount(): Promise<void>;
}

/** Mounts one in memory; only root may, as on the machines that the tests are made for. */
export async function mountSmallDisk(path: string, sizeBytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const run = (program: string, args: readonly string[]) =>
    runProgram({
      engine: "faults",
      operation: "mount a small disk",
      program,
      args,
      signal: AbortSignal.timeout(30_000),
      hint: "Are the tests run by root, on a machine that lets it mount?",
    });
  await run("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes},mode=0700`, "tmpfs", path]);
  const ballast = join(path, "ballast");
  return {
    path,
    fill: async () => {
      const { bavail, bsize } = await statfs(path);
      await writeFile(ballast, Buffer.alloc(bavail * bsize));
    },
    free: () => rm(ballast, { force: true }),
    unmount: async () => void (await run("umount", ["--lazy", path])),
  };
}
