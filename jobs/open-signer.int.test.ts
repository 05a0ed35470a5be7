import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { openSigner } from "./open-signer";

let home: string;
beforeAll(async () => {
  home = await mkdtemp("/tmp/hf-signer-");
});
afterAll(() => rm(home, { recursive: true }));

it("all who start at once sign with one key, which nobody else can read", async () => {
  const signers = await Promise.all(Array.from({ length: 12 }, () => openSigner(home)));
  expect(new Set(signers.map(({ publicPem }) => publicPem)).size).toBe(1);
  expect(await readdir(join(home, "keys"))).toEqual(["signing-key.pem"]);
  expect((await stat(join(home, "keys", "signing-key.pem"))).mode & 0o777).toBe(0o600);
  const data = Buffer.from("a manifest");
  const [first] = signers;
  expect(first && isSignatureValid(first.publicPem, data, (await openSigner(home)).sign(data))).toBe(true);
});
