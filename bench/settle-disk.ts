import { runProgram } from "@/lib/engines/shared/process";

/** Waits until what was written before is on the disk: otherwise what is measured next pays for it. */
export async function settleDisk(): Promise<void> {
  await runProgram({
    engine: "bench",
    operation: "write to the disk what is in memory",
    program: "sync",
    args: [],
    signal: new AbortController().signal,
    hint: "Look at the kernel's log.",
  });
}
