import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { newToken } from "@/lib/kernel/ids";
import { withMachineLock } from "./machine-lock";

test("two holders of one lock never work at the same time, holders of others may", async () => {
  const name = newToken();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => withMachineLock(name, work)));
  expect(most).toBe(1);
  const nested = await withMachineLock(name, () => withMachineLock(`${name}-other`, () => Promise.resolve("both")));
  expect(nested).toBe("both");
});

test("a lock whose work failed is free again", async () => {
  const name = newToken();
  await expect(withMachineLock(name, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withMachineLock(name, () => Promise.resolve("free"))).toBe("free");
});

test("a process that is killed gives its lock back", async () => {
  const name = newToken();
  const hold = `require("node:net").createServer().listen("\\0holdfast:${name}", () => console.log("held"))`;
  const holder = spawn(process.execPath, ["-e", hold], { stdio: ["ignore", "pipe", "ignore"] });
  await once(holder.stdout, "data");
  let isTaken = false;
  const taken = withMachineLock(name, () => {
    isTaken = true;
    return Promise.resolve("after");
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isTaken).toBe(false);
  holder.kill("SIGKILL");
  expect(await taken).toBe("after");
});
