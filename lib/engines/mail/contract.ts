import { beforeAll, describe, expect, test } from "vitest";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { MailMessage, Mailer } from "./port";

export interface MailUnderTest {
  mailer: Mailer;
  /** What arrived, oldest first. */
  inbox(): readonly { to: string; messageId: string; subject: string; text: string }[];
  /** An address that the server refuses for good, and one that it refuses for now. */
  refused: string;
  busy: string;
}

export const message = (change: Partial<MailMessage> = {}): MailMessage => ({
  messageId: "1@holdfast.test",
  from: "holdfast@example.com",
  to: "ops@example.com",
  subject: "Database: backup failed",
  text: "The disk is full – see run 7.\n",
  ...change,
});

/** Each sentence of the port, for every vendor. */
export function describeMailContract(name: string, open: () => Promise<MailUnderTest>): void {
  describe(`mail: ${name}`, () => {
    const signal = new AbortController().signal;
    let world: MailUnderTest;
    beforeAll(async () => {
      world = await open();
    });
    const failureOf = async (to: string) => {
      const error: unknown = await world.mailer.send(message({ to }), { signal }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(EngineError);
      return error as EngineError;
    };

    test("a mail arrives as it was written, and the server's words come back", async () => {
      const { answer } = await world.mailer.send(message(), { signal });
      expect(answer).toMatch(/^2\d\d/);
      expect(world.inbox().at(-1)).toEqual({
        to: "ops@example.com",
        messageId: "1@holdfast.test",
        subject: "Database: backup failed",
        text: "The disk is full – see run 7.\n",
      });
    });

    test("a mail that is sent again keeps its id", async () => {
      await world.mailer.send(message({ messageId: "2@holdfast.test" }), { signal });
      await world.mailer.send(message({ messageId: "2@holdfast.test" }), { signal });
      const ids = world.inbox().map((mail) => mail.messageId);
      expect(ids.slice(-2)).toEqual(["2@holdfast.test", "2@holdfast.test"]);
    });

    test("a recipient that is refused for good is a permanent error with the server's words", async () => {
      const error = await failureOf(world.refused);
      expect(error).toMatchObject({ engine: "mail", permanent: true, message: expect.stringContaining("550") });
    });

    test("a recipient that is refused for now may be tried again", async () => {
      expect(await failureOf(world.busy)).toMatchObject({ permanent: false });
    });

    test("a line break in a subject cannot add a header", async () => {
      await world.mailer.send(message({ subject: "one\r\nBcc: thief@example.com" }), { signal });
      expect(world.inbox().at(-1)?.subject).toMatch(/^one\s+Bcc/);
      expect(world.inbox().some((mail) => mail.to.includes("thief"))).toBe(false);
    });

    test("nothing is sent once the signal is aborted", async () => {
      const before = world.inbox().length;
      const sending = world.mailer.send(message(), { signal: AbortSignal.abort() });
      await expect(sending).rejects.toBeInstanceOf(CancelledError);
      expect(world.inbox()).toHaveLength(before);
    });
  });
}
