import { inspect } from "node:util";
import { expect, test } from "vitest";
import { isSignatureValid, newSigningKey, publicKeyOf, signBytes } from "./crypto";
import { newId, newPassword, newToken } from "./ids";
import { Secret } from "./secret";

test("a secret shows itself to whoever asks for it, and to nobody else", () => {
  const secret = new Secret("hunter2");
  expect(secret.reveal()).toBe("hunter2");
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 9, showHidden: true }),
    `${secret}`,
  ];
  expect(shown.join()).not.toContain("hunter2");
  expect(Object.keys(secret)).toEqual([]);
});

test("a signature fits its own bytes and key, and nothing else", () => {
  const [key, other] = [newSigningKey(), newSigningKey()];
  const data = Buffer.from("a manifest");
  const signature = signBytes(key.privatePem, data);
  expect(signature).toHaveLength(64);
  expect(publicKeyOf(key.privatePem)).toBe(key.publicPem);
  expect(isSignatureValid(key.publicPem, data, signature)).toBe(true);
  expect(isSignatureValid(key.publicPem, Buffer.from("a Manifest"), signature)).toBe(false);
  expect(isSignatureValid(other.publicPem, data, signature)).toBe(false);
  expect(isSignatureValid(key.publicPem, data, signature.subarray(1))).toBe(false);
  expect(isSignatureValid("-----BEGIN PUBLIC KEY-----\nnonsense", data, signature)).toBe(false);
});

test("ids sort by the time of their making, and no two are equal", () => {
  const ids = Array.from({ length: 1_000 }, newId);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(1_000);
});

test("a password to be typed has no look-alikes, and a token is as long as asked", () => {
  for (let count = 0; count < 50; count += 1)
    expect(newPassword()).toMatch(/^([a-hjkmnp-z2-9]{4}-){4}[a-hjkmnp-z2-9]{4}$/);
  expect(newToken(6)).toMatch(/^[0-9a-f]{12}$/);
});
