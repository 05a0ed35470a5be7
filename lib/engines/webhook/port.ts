/** One message to a program of somebody else. */
export interface WebhookMessage {
  /** The same message sent again keeps it, so that its receiver can leave it out. */
  id: string;
  /** JSON, as it is signed. */
  body: string;
  at: Date;
}

/**
 * Posts signed JSON to one address. Resolves only when the receiver said that it has it (status 2xx), with the status in
 * words. Rejects only with EngineError, `permanent` when the receiver would say the same again; or with CancelledError
 * once `signal` is aborted. Redirects are not followed. Neither answer nor error holds a secret: of the address they
 * name scheme and host alone.
 *
 * Headers: `Idempotency-Key` is the id; `Holdfast-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of
 * `SECONDS.BODY` under the channel's secret. Whoever checks it computes the same over the bytes as they came, compares
 * in constant time, and refuses a `t` that is more than five minutes away.
 */
export interface Webhook {
  post(message: WebhookMessage, options: { signal: AbortSignal }): Promise<{ answer: string }>;
}
