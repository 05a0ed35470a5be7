import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { MailMessage, Mailer } from "../port";

/** A mail server in this process. Addresses can be told to be refused, and the whole of it to be away. */
export class MemoryMailer implements Mailer {
  readonly sent: MailMessage[] = [];
  readonly refused = new Set<string>();
  readonly busy = new Set<string>();
  isAway = false;

  send(message: MailMessage, { signal }: { signal: AbortSignal }): Promise<{ answer: string }> {
    if (signal.aborted) return Promise.reject(new CancelledError("stopped before the mail was sent"));
    if (this.isAway) return Promise.reject(refuse("the connection is refused", false));
    if (this.refused.has(message.to)) return Promise.reject(refuse("550 no such user", true));
    if (this.busy.has(message.to)) return Promise.reject(refuse("450 try again later", false));
    this.sent.push({ ...message, subject: message.subject.replaceAll(/[\r\n]+/g, " ") });
    return Promise.resolve({ answer: "250 accepted" });
  }
}

function refuse(words: string, permanent: boolean): EngineError {
  const hint = "Is the address right, and does the mail server run?";
  return new EngineError(`the mail was not taken: ${words}`, { engine: "mail", operation: "send", permanent, hint });
}
