import { describeMailContract } from "../contract";
import { MemoryMailer } from "./engine";

describeMailContract("memory", () => {
  const mailer = new MemoryMailer();
  mailer.refused.add("refused@example.com");
  mailer.busy.add("busy@example.com");
  return Promise.resolve({
    mailer,
    inbox: () => mailer.sent.map(({ to, messageId, subject, text }) => ({ to, messageId, subject, text })),
    refused: "refused@example.com",
    busy: "busy@example.com",
  });
});
