import { expect, test } from "vitest";
import { isSameOrigin, isSecure, originOf } from "./origin";

const headers = (values: Record<string, string>) => new Headers(values);

test("the address is the one that the nearest proxy saw, not what a client claims", () => {
  expect(originOf(headers({ "x-forwarded-for": "203.0.113.9, 192.0.2.7" })).ipAddress).toBe("192.0.2.7");
  expect(originOf(headers({})).ipAddress).toBeUndefined();
});

test("a cookie is secure only behind TLS", () => {
  expect(isSecure(headers({ "x-forwarded-proto": "https" }))).toBe(true);
  expect(isSecure(headers({ "x-forwarded-proto": "http" }))).toBe(false);
  expect(isSecure(headers({}))).toBe(false);
});

test("a change from another site is refused, also from a sibling of the same site", () => {
  expect(isSameOrigin(headers({ "sec-fetch-site": "same-origin" }))).toBe(true);
  expect(isSameOrigin(headers({ "sec-fetch-site": "same-site" }))).toBe(false);
  expect(isSameOrigin(headers({ "sec-fetch-site": "cross-site" }))).toBe(false);
  expect(isSameOrigin(headers({ "sec-fetch-site": "none" }))).toBe(false);
});

test("without fetch metadata the origin must be the host that was asked", () => {
  expect(isSameOrigin(headers({ origin: "http://127.0.0.1:3000", host: "127.0.0.1:3000" }))).toBe(true);
  expect(isSameOrigin(headers({ origin: "http://evil.example", host: "127.0.0.1:3000" }))).toBe(false);
  expect(isSameOrigin(headers({ origin: "null", host: "127.0.0.1:3000" }))).toBe(false);
  expect(isSameOrigin(headers({ host: "127.0.0.1:3000" }))).toBe(false);
});
