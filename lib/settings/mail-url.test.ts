import { expect, test } from "vitest";
import { ChannelDeclaration } from "./channels";
import { parseMailUrl } from "./mail-url";

test.each([
  ["smtp://127.0.0.1", { isSecure: false, host: "127.0.0.1", port: 25, user: null, password: null }],
  ["smtps://mail.example.com/", { isSecure: true, host: "mail.example.com", port: 465, user: null, password: null }],
  [
    "smtp://ops%40example.com:${SMTP_PASSWORD}@mail.example.com:587",
    { isSecure: false, host: "mail.example.com", port: 587, user: "ops@example.com", password: "${SMTP_PASSWORD}" },
  ],
  ["smtp://[::1]:2525", { isSecure: false, host: "::1", port: 2525, user: null, password: null }],
])("%s is read", (text, url) => {
  expect(parseMailUrl(text)).toEqual(url);
});

test.each(["mail.example.com", "http://mail.example.com", "smtp://", "smtp://a:0", "smtp://a:70000", "smtp://%zz@a"])(
  "%s is not the address of a mail server",
  (text) => {
    expect(parseMailUrl(text)).toBeNull();
  },
);

const issueOf = (channel: object) => ChannelDeclaration.safeParse(channel).error?.issues[0]?.message;

test("a secret that stands in the file is refused, in an address too", () => {
  expect(issueOf({ kind: "smtp", url: "smtp://ops:hunter2@mail.example.com" })).toContain("${NAME}");
  expect(issueOf({ kind: "webhook", url: "https://hooks.example.com/x", secret: "hunter2" })).toContain("${NAME}");
  expect(issueOf({ kind: "webhook", url: "https://a:b@hooks.example.com/x", secret: "${S}" })).toContain("${NAME}");
});

test("a whole address may come from the environment", () => {
  expect(issueOf({ kind: "smtp", url: "${SMTP_URL}" })).toBeUndefined();
  expect(issueOf({ kind: "webhook", url: "${HOOK_URL}", secret: "${HOOK_SECRET}" })).toBeUndefined();
});
