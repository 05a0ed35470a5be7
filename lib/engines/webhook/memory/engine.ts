import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { Webhook, WebhookMessage } from "../port";

/** A receiver in this process; it can be told which status to answer. */
export class MemoryWebhook implements Webhook {
  readonly received: WebhookMessage[] = [];
  status = 204;

  post(message: WebhookMessage, { signal }: { signal: AbortSignal }): Promise<{ answer: string }> {
    if (signal.aborted) return Promise.reject(new CancelledError("stopped before the webhook was called"));
    if (this.status < 300) {
      this.received.push(message);
      return Promise.resolve({ answer: String(this.status) });
    }
    return Promise.reject(
      new EngineError(`the webhook did not take it: it answered ${this.status}`, {
        engine: "webhook",
        operation: "post",
        permanent: this.status < 500,
        hint: "Look at the receiver's log.",
      }),
    );
  }
}
