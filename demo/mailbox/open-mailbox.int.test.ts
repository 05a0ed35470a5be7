import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSmtpMailer } from "@/lib/engines/mail/smtp/engine";
import { type Mailbox, openMailbox } from "./open-mailbox";

let directory: string;
let mailbox: Mailbox;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hf-mail-"));
  mailbox = await openMailbox({ port: 0, directory });
});
afterAll(async () => {
  await mailbox.close();
  await rm(directory, { recursive: true, force: true });
});

test("a mail of the product's own sender is a file by the time that it counts as delivered", async () => {
  const mailer = createSmtpMailer({
    host: "127.0.0.1",
    port: mailbox.port,
    isSecure: false,
    isTlsRequired: false,
    timeoutMs: 5_000,
  });
  const mail = {
    messageId: "1@example.com",
    from: "ops@example.com",
    to: "dba@example.com",
    subject: "Database: full backup failed",
    text: "Why: the disk is full.\n",
  };
  const { answer } = await mailer.send(mail, { signal: new AbortController().signal });
  expect(answer).toBe("250 kept");
  const [file = ""] = await readdir(directory);
  const source = await readFile(join(directory, file), "utf8");
  expect(source).toContain("Subject: Database: full backup failed");
  expect(source).toContain("To: dba@example.com");
  expect(source).toContain("Why: the disk is full.");
});
