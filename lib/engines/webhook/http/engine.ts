import { signHmac } from "@/lib/kernel/crypto";
import { CancelledError } from "@/lib/kernel/errors";
import type { Webhook } from "../port";
import type { WebhookConfig } from "./config";
import { toExchangeError, toStatusError } from "./map";

const TIMEOUT_MS = 10_000;

/** A webhook with the platform's own HTTP client. What the receiver says beside its status is not read. */
export function createWebhook(config: WebhookConfig): Webhook {
  const { url, secret, timeoutMs = TIMEOUT_MS } = config;
  const place = placeOf(url.reveal());
  return {
    post: async ({ id, body, at }, { signal }) => {
      if (signal.aborted) throw new CancelledError("stopped before the webhook was called");
      const seconds = Math.floor(at.getTime() / 1_000);
      const timeout = AbortSignal.timeout(timeoutMs);
      let response: Response;
      try {
        response = await fetch(url.reveal(), {
          method: "POST",
          redirect: "manual",
          headers: {
            "content-type": "application/json",
            "user-agent": "Holdfast",
            "idempotency-key": id,
            "holdfast-signature": `t=${seconds},v1=${signHmac(secret.reveal(), `${seconds}.${body}`)}`,
          },
          body,
          signal: AbortSignal.any([signal, timeout]),
        });
        await response.body?.cancel();
      } catch (error) {
        if (signal.aborted) throw new CancelledError("stopped while the webhook was called");
        throw toExchangeError(error, place, timeout.aborted ? timeoutMs : null);
      }
      if (!response.ok) throw toStatusError(response.status, place);
      return { answer: `${response.status} ${response.statusText}`.trim() };
    },
  };
}

/** Scheme and host: path and query may be secret. */
function placeOf(url: string): string {
  return URL.parse(url)?.origin ?? "the declared address";
}
